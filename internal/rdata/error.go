package rdata

import "fmt"

// ValueError says why a name or a value was refused, in Route 53's words.
type ValueError struct {
	Code        string // e.g. ARRDATAIllegalIPv4Address
	Explanation string // e.g. "Value is not a valid IPv4 address"
	Value       string // the text as it was given
	// Warning marks the problems that Route 53 calls WARNING instead of
	// FATAL. It refuses the value all the same.
	Warning bool
}

// Error is the form that Route 53 puts into InvalidChangeBatch.
func (e *ValueError) Error() string {
	severity := "FATAL"
	if e.Warning {
		severity = "WARNING"
	}
	return fmt.Sprintf("%s problem: %s (%s) encountered with '%s'", severity, e.Code, e.Explanation, e.Value)
}

// problem is a ValueError that does not know its value yet.
type problem struct {
	code        string
	explanation string
	warning     bool
}

func (p *problem) with(value string) *ValueError {
	return &ValueError{Code: p.code, Explanation: p.explanation, Value: value, Warning: p.warning}
}

// The problems. Those marked "seen" are quoted from answers of Route 53 that
// clients have published; the codes of the others are not public and are
// formed in the same style. Clients show them and do not match on them.
var (
	// Names.
	domainNameEmpty      = &problem{code: "DomainNameEmpty", explanation: "Domain name is empty"}   // seen
	domainLabelEmpty     = &problem{code: "DomainLabelEmpty", explanation: "Domain label is empty"} // seen
	domainLabelTooLong   = &problem{code: "DomainLabelTooLong", explanation: "Domain label is too long"}
	domainNameTooLong    = &problem{code: "DomainNameTooLong", explanation: "Domain name is too long"}
	unsupportedCharacter = &problem{code: "UnsupportedCharacter", explanation: "Value contains unsupported characters"}           // seen
	relativeName         = &problem{code: "DomainNameNotAbsolute", explanation: "Domain name is relative and there is no origin"} // master files only

	// Strings.
	invalidCharacterString = &problem{code: "InvalidCharacterString", explanation: "Value should be enclosed in quotation marks"} // seen
	characterStringTooLong = &problem{code: "CharacterStringTooLong", explanation: "Value is too long"}                           // seen

	// Addresses.
	illegalIPv4 = &problem{code: "ARRDATAIllegalIPv4Address", explanation: "Value is not a valid IPv4 address"}    // seen
	illegalIPv6 = &problem{code: "AAAARRDATAIllegalIPv6Address", explanation: "Value is not a valid IPv6 address"} // seen

	// Numbers of fields.
	nameNotOneField    = &problem{code: "RRDATANotSingleField", explanation: "Value is not a single domain name"}
	mxNotTwoFields     = &problem{code: "MXRRDATANotTwoFields", explanation: "MX record doesn't have 2 fields"}    // seen
	srvNotFourFields   = &problem{code: "SRVRRDATANotFourFields", explanation: "SRV record doesn't have 4 fields"} // seen
	soaNotSevenFields  = &problem{code: "SOARRDATANotSevenFields", explanation: "SOA record doesn't have 7 fields"}
	caaNotThreeFields  = &problem{code: "CAARRDATANotThreeFields", explanation: "CAA record doesn't have 3 fields"}
	naptrNotSixFields  = &problem{code: "NAPTRRRDATANotSixFields", explanation: "NAPTR record doesn't have 6 fields"}
	dsNotFourFields    = &problem{code: "DSRRDATANotFourFields", explanation: "DS record doesn't have 4 fields"}
	tlsaNotFourFields  = &problem{code: "TLSARRDATANotFourFields", explanation: "TLSA record doesn't have 4 fields"}
	sshfpNotThreeField = &problem{code: "SSHFPRRDATANotThreeFields", explanation: "SSHFP record doesn't have 3 fields"}
	svcbTooFewFields   = &problem{code: "SVCBRRDATATooFewFields", explanation: "SVCB or HTTPS record needs a priority and a target name"}

	// Fields.
	mxPriorityRequired = &problem{code: "MXRRDATAPriorityRequired", explanation: "MX record must have a priority"} // code seen
	illegalNumber8     = &problem{code: "InvalidNumber", explanation: "Value is not a number between 0 and 255"}
	illegalNumber16    = &problem{code: "InvalidNumber", explanation: "Value is not a number between 0 and 65535"}
	illegalNumber32    = &problem{code: "InvalidNumber", explanation: "Value is not a number between 0 and 4294967295"}
	illegalHex         = &problem{code: "InvalidHexadecimal", explanation: "Value is not an even number of hexadecimal digits"}
	caaIllegalTag      = &problem{code: "CAARRDATAIllegalTag", explanation: "CAA tag should be 1 to 255 letters and digits"}
	naptrBothTargets   = &problem{
		code:        "NAPTRRRDATARegexpAndReplacementError", // seen, as a WARNING
		explanation: "NAPTR record can have only one field in regexp and replacement", warning: true,
	}
	dsDigestLength    = &problem{code: "DSRRDATAIllegalDigest", explanation: "DS digest doesn't have the length of its digest type"}
	tlsaDataLength    = &problem{code: "TLSARRDATAIllegalData", explanation: "TLSA data doesn't have the length of its matching type"}
	sshfpLength       = &problem{code: "SSHFPRRDATAIllegalFingerprint", explanation: "SSHFP fingerprint doesn't have the length of its type"}
	svcbPriority      = &problem{code: "SVCBRRDATAIllegalPriority", explanation: "Priority is not a number between 0 and 32767"}
	svcbUnknownParam  = &problem{code: "SVCBRRDATAUnknownParameter", explanation: "Service parameter is not registered"}
	svcbDuplicate     = &problem{code: "SVCBRRDATADuplicateParameter", explanation: "Service parameter is given twice"}
	svcbParamValue    = &problem{code: "SVCBRRDATAIllegalParameter", explanation: "Service parameter has an invalid value"}
	svcbMandatory     = &problem{code: "SVCBRRDATAMandatoryMissing", explanation: "Mandatory service parameter is missing"}
	svcbNoDefaultALPN = &problem{code: "SVCBRRDATAALPNMissing", explanation: "no-default-alpn needs alpn"}

	// Other forms.
	illegalGeneric   = &problem{code: "InvalidGenericRRDATA", explanation: `Value is not of the form \# length hexadecimal`}
	malformedGeneric = &problem{code: "MalformedRRDATA", explanation: "Value is not well-formed data of its type"}
	rdataTooLong     = &problem{code: "RRDATATooLong", explanation: "Value is longer than 65535 bytes"}
)
