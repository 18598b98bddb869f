package restxml

import "strings"

// ErrorDocument is the body of an answer that is not a success.
type ErrorDocument struct {
	Type      string // Sender or Receiver: whose fault it is
	Code      string
	Message   string
	RequestID string
}

// Append appends the document.
func (e *ErrorDocument) Append(b []byte, namespace string) []byte {
	b = append(b, Declaration...)
	b = AppendRoot(b, "ErrorResponse", namespace)
	b = AppendStart(b, "Error")
	b = AppendString(b, "Type", e.Type)
	b = AppendString(b, "Code", e.Code)
	b = AppendString(b, "Message", e.Message)
	b = AppendEnd(b, "Error")
	b = AppendString(b, "RequestId", e.RequestID)
	return AppendEnd(b, "ErrorResponse")
}

// ParseErrorDocument reads an error document. Besides the form that Append
// writes it knows the one whose root element is the code and holds a message,
// or a list of messages that become "[first, second]". Code stays empty if the
// document is neither.
func ParseErrorDocument(data []byte) (ErrorDocument, error) {
	var e ErrorDocument
	var r Reader
	r.Lenient = true
	r.Reset(data)
	root := string(r.Root())
	for name := r.Child(); name != nil; name = r.Child() {
		switch string(name) {
		case "Error":
			e.parseError(&r)
		case "RequestId", "RequestID":
			e.RequestID = string(r.Text())
		case "Message":
			e.Code, e.Message = root, string(r.Text())
		case "Messages":
			e.Code = root
			e.parseMessages(&r)
		default:
			r.Skip()
		}
	}
	r.End()
	return e, r.Err()
}

func (e *ErrorDocument) parseError(r *Reader) {
	for name := r.Child(); name != nil; name = r.Child() {
		switch string(name) {
		case "Type":
			e.Type = string(r.Text())
		case "Code":
			e.Code = string(r.Text())
		case "Message":
			e.Message = string(r.Text())
		default:
			r.Skip()
		}
	}
}

func (e *ErrorDocument) parseMessages(r *Reader) {
	var messages []string
	for name := r.Child(); name != nil; name = r.Child() {
		messages = append(messages, string(r.Text()))
	}
	e.Message = "[" + strings.Join(messages, ", ") + "]"
}
