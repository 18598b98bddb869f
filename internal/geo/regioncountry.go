package geo

// regionCountries are the countries of the regions; those of the United States
// have a state where Amazon names one.
var regionCountries = map[string][2]string{
	"af-south-1": {"ZA"}, "ap-east-1": {"HK"}, "ap-east-2": {"TW"}, "ap-northeast-1": {"JP"}, "ap-northeast-2": {"KR"},
	"ap-northeast-3": {"JP"}, "ap-south-1": {"IN"}, "ap-south-2": {"IN"}, "ap-southeast-1": {"SG"}, "ap-southeast-2": {"AU"},
	"ap-southeast-3": {"ID"}, "ap-southeast-4": {"AU"}, "ap-southeast-5": {"MY"}, "ap-southeast-6": {"NZ"}, "ap-southeast-7": {"TH"},
	"ca-central-1": {"CA"}, "ca-west-1": {"CA"}, "cn-north-1": {"CN"}, "cn-northwest-1": {"CN"},
	"eu-central-1": {"DE"}, "eu-central-2": {"CH"}, "eu-north-1": {"SE"}, "eu-south-1": {"IT"}, "eu-south-2": {"ES"},
	"eu-west-1": {"IE"}, "eu-west-2": {"GB"}, "eu-west-3": {"FR"}, "eusc-de-east-1": {"DE"}, "il-central-1": {"IL"},
	"me-central-1": {"AE"}, "me-south-1": {"BH"}, "mx-central-1": {"MX"}, "sa-east-1": {"BR"},
	"us-east-1": {"US", "VA"}, "us-east-2": {"US", "OH"}, "us-west-1": {"US", "CA"}, "us-west-2": {"US", "OR"},
	"us-gov-east-1": {"US"}, "us-gov-west-1": {"US"},
}

// CountryOfRegion is the country that an AWS region is in, and the subdivision
// if it is known; empty for regions that are not Amazon's.
func CountryOfRegion(name string) (country, subdivision string) {
	place := regionCountries[name]
	return place[0], place[1]
}
