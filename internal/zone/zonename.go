package zone

import (
	"strconv"
	"unicode/utf8"

	"open53/internal/rdata"
)

// MaxComment is the length of a zone's or a change's comment, in characters.
const MaxComment = 256

// ValidateZoneName reads the name of a zone that is to be created. Amazon
// refuses the root, names that begin with "*", and in public zones top-level
// domains; pass singleLabel to allow names of one label, as for private zones
// and for operators who serve their own top-level names. The error is an
// *Error with code InvalidDomainName.
func ValidateZoneName(text string, singleLabel bool) (rdata.Name, error) {
	name, err := rdata.ParseName(text)
	switch {
	case err != nil:
		return "", invalidDomainName(err.Error())
	case name == rdata.Root, name.IsWildcard():
		return "", invalidDomainName("'" + text + "' is not a valid domain name")
	case name.Labels() == 1 && !singleLabel:
		return "", invalidDomainName(text + " is reserved by AWS!") // Route 53's words, whoever it is
	}
	return name, nil
}

func invalidDomainName(message string) error {
	return &Error{Code: "InvalidDomainName", Message: message}
}

// ValidateComment checks the length of a comment. The error is an *Error with
// code InvalidInput.
func ValidateComment(text string) error {
	n := utf8.RuneCountInString(text)
	if n <= MaxComment {
		return nil
	}
	return &Error{Code: CodeInvalidInput, Message: "Invalid XML ; cvc-maxLength-valid: Value '" + text + "' with length = '" +
		strconv.Itoa(n) + "' is not facet-valid with respect to maxLength '" + strconv.Itoa(MaxComment) + "' for type 'ResourceDescription'."}
}
