package route53

import (
	"context"
	"strconv"

	api "open53/internal/route53api"
	"open53/internal/store"
	"open53/internal/zone"
)

// maxTagResources is how many resources one ListTagsForResources may name.
const maxTagResources = 10

// checkTagResource refuses resources that can have no tags. Ids of resources
// come as they are: with a prefix they are unknown.
func checkTagResource(kind api.TagResourceType) error {
	switch kind {
	case api.TagResourceTypeHostedzone, api.TagResourceTypeHealthcheck:
		return nil
	}
	return invalidInput("The resource type " + string(kind) + " is not valid.") // ours
}

// ChangeTagsForResource removes tags from a resource and adds others.
func (s *Service) ChangeTagsForResource(ctx context.Context, in *api.ChangeTagsForResourceInput) (_ *api.ChangeTagsForResourceOutput, err error) {
	defer s.fail(ctx, "ChangeTagsForResource", &err)
	if err := checkTagResource(in.ResourceType); err != nil {
		return nil, err
	}
	add := tagsOf(in.AddTags)
	if in.ResourceType == api.TagResourceTypeHealthcheck {
		return &api.ChangeTagsForResourceOutput{}, s.changeHealthCheckTags(ctx, in.ResourceId, add, in.RemoveTagKeys)
	}
	_, err = s.changeZone(ctx, "ChangeTagsForResource", in.ResourceId, func(hosted *zone.HostedZone, _ store.Head) (*zone.HostedZone, error) {
		tags, err := hosted.Tags.Change(add, in.RemoveTagKeys)
		if err != nil {
			return nil, err
		}
		changed := *hosted
		changed.Tags = tags
		return &changed, nil
	})
	return &api.ChangeTagsForResourceOutput{}, err
}

// ListTagsForResource lists the tags of a resource by key.
func (s *Service) ListTagsForResource(ctx context.Context, in *api.ListTagsForResourceInput) (_ *api.ListTagsForResourceOutput, err error) {
	defer s.fail(ctx, "ListTagsForResource", &err)
	view := s.store.View()
	defer view.Close()
	set, err := tagSet(view, in.ResourceType, in.ResourceId)
	return &api.ListTagsForResourceOutput{ResourceTagSet: set}, err
}

// ListTagsForResources lists the tags of up to 10 resources, in the order in
// which the request names them.
func (s *Service) ListTagsForResources(ctx context.Context, in *api.ListTagsForResourcesInput) (_ *api.ListTagsForResourcesOutput, err error) {
	defer s.fail(ctx, "ListTagsForResources", &err)
	if n := len(in.ResourceIds); n == 0 || n > maxTagResources { // ours
		return nil, invalidInput("The request must name 1 to " + strconv.Itoa(maxTagResources) + " resources.")
	}
	view := s.store.View()
	defer view.Close()
	out := &api.ListTagsForResourcesOutput{ResourceTagSets: make([]api.ResourceTagSet, len(in.ResourceIds))}
	for i, id := range in.ResourceIds {
		if out.ResourceTagSets[i], err = tagSet(view, in.ResourceType, id); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func tagSet(view store.View, kind api.TagResourceType, id string) (api.ResourceTagSet, error) {
	set := api.ResourceTagSet{ResourceType: new(kind), ResourceId: new(id)}
	if err := checkTagResource(kind); err != nil {
		return set, err
	}
	if kind == api.TagResourceTypeHealthcheck {
		check, err := readHealthCheck(view, id)
		if err != nil {
			return set, err
		}
		set.Tags = tagsFrom(zoneTags(check.Tags))
		return set, nil
	}
	hosted, _, err := zoneIn(view, id)
	if err != nil {
		return set, err
	}
	set.Tags = tagsFrom(hosted.Tags)
	return set, nil
}
