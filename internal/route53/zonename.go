package route53

import (
	"strings"

	"golang.org/x/net/publicsuffix"

	"open53/internal/rdata"
	api "open53/internal/route53api"
	"open53/internal/zone"
)

// zoneName reads the name of a new zone. Amazon refuses public zones of one
// label. Here those are refused that are top-level domains of the Internet: a
// zone "lan" or "internal" harms nobody, one named "com" takes the world away.
// Strict refuses them all.
func (s *Service) zoneName(text string, private bool) (rdata.Name, error) {
	name, err := zone.ValidateZoneName(text, private || !s.cfg.Strict)
	if err != nil {
		return "", err
	}
	if !private && name.Labels() == 1 && isTopLevelDomain(strings.TrimSuffix(name.String(), ".")) {
		return "", &api.InvalidDomainName{Message: text + " is reserved by AWS!"} // as Route 53 says
	}
	return name, nil
}

// isTopLevelDomain reports whether the part of the public suffix list that
// ICANN's domains are in has rules for the label or for names below it.
func isTopLevelDomain(label string) bool {
	_, icann := publicsuffix.PublicSuffix("name." + label)
	return icann
}
