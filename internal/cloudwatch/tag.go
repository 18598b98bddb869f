package cloudwatch

import (
	"context"
	"slices"
	"strings"
)

// maxTags is how many tags an alarm has.
const maxTags = 50

// changeTags removes tags and adds others; the result is in order of key.
func changeTags(tags []AlarmTag, add []tag, remove []string) ([]AlarmTag, error) {
	changed := slices.DeleteFunc(slices.Clone(tags), func(t AlarmTag) bool { return slices.Contains(remove, t.Key) })
	given := map[string]bool{}
	for _, t := range add {
		switch {
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return nil, invalidValue("Tag keys that begin with aws: are reserved.")
		case given[t.Key]:
			return nil, invalidValue("The tag key %s is given more than once.", t.Key)
		case len(t.Value) > 4*256 || len([]rune(t.Value)) > 256:
			return nil, invalidValue("The value of the tag %s has more than 256 characters.", t.Key)
		}
		given[t.Key] = true
		changed = slices.DeleteFunc(changed, func(old AlarmTag) bool { return old.Key == t.Key })
		changed = append(changed, AlarmTag(t))
	}
	if len(changed) > maxTags {
		return nil, invalidValue("An alarm has at most %d tags.", maxTags)
	}
	slices.SortFunc(changed, func(a, b AlarmTag) int { return strings.Compare(a.Key, b.Key) })
	return changed, nil
}

func (s *Service) listTagsForResource(_ context.Context, _ *call, in *listTagsForResourceInput) (any, error) {
	a, err := s.tagged(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	out := &listTagsForResourceOutput{}
	for _, t := range a.Tags {
		out.Tags = append(out.Tags, tag(t))
	}
	return out, nil
}

// tagged finds the alarm of an ARN.
func (s *Service) tagged(arn string) (*Alarm, error) {
	key, err := s.keyOfARN(arn)
	if err != nil {
		return nil, invalidValue("The value %s for parameter ResourceARN is invalid.", arn)
	}
	a := s.alarm(key)
	if a == nil {
		return nil, noResource(arn)
	}
	return a, nil
}

func (s *Service) tagResource(ctx context.Context, c *call, in *tagResourceInput) (any, error) {
	return s.setTags(ctx, c, "TagResource", in.ResourceARN, in.Tags, nil)
}

func (s *Service) untagResource(ctx context.Context, c *call, in *untagResourceInput) (any, error) {
	return s.setTags(ctx, c, "UntagResource", in.ResourceARN, nil, in.TagKeys)
}

func (s *Service) setTags(ctx context.Context, c *call, operation, arn string, add []tag, remove []string) (any, error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	a, err := s.tagged(arn)
	if err != nil {
		return nil, err
	}
	b := *a
	if b.Tags, err = changeTags(a.Tags, add, remove); err != nil {
		return nil, err
	}
	drafts := []draft{{key: a.key(), alarm: &b}}
	return &empty{}, s.commit(ctx, operation, c.actor, drafts, s.config.Now().UnixMilli())
}
