// Package conformance holds open53's wire: what its API answers, byte for
// byte, and what DNS answers afterwards. The sessions in testdata are requests
// and complete responses, so that whoever changes the wire sees it in review.
//
// A session is a txtar archive; its members come in pairs, in order:
//
//	request / response   method and path, further headers, an empty line and the
//	                     body, if there is one; then all that came back
//	query / answer       as dnstest.Query reads and dnstest.Print writes them
//
// Ids, request ids, tokens and times are replaced by names of their own
// (server.IDs), and each XML element stands on a line of its own; the length
// that the response names is that of what was sent. Run the tests with -rewrite
// to write the responses anew.
package conformance
