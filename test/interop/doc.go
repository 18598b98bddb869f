// Package interop proves that programs nobody wrote for open53 work with it:
// the AWS CLI, boto3, the AWS SDKs for Go and JavaScript, Terraform, dig and
// kdig. Its tests build the binary, run it on free ports of the loopback
// interface, and let the programs loose on it, unmodified and with no other
// setting than the endpoint.
//
// The rest of the tests is about what clients can do to a server: credentials
// that are no good, bodies and packets that are broken, requests by the
// thousand, SIGKILL. Each of those ends with the same question: is the server
// alive, and is its state what it was (server.State)?
//
// A program that is not installed skips its test and says so; test/setup.sh
// installs all of them but Terraform, which no package registry has. For that
// one see TestTerraform.
//
// Tests run side by side, each on servers of its own.
package interop
