package route53api

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"testing"

	"open53/internal/restxml"
)

// All 69 errors of the model are there, with the model's status, and come out
// of the client as what went into the server.
func TestErrorTypes(t *testing.T) {
	data, err := os.ReadFile("../../api/models/route53.json")
	if err != nil {
		t.Fatal(err)
	}
	var model struct {
		Shapes map[string]struct {
			Exception bool
			Error     struct{ HTTPStatusCode int }
		}
	}
	if err := json.Unmarshal(data, &model); err != nil {
		t.Fatal(err)
	}
	var e echo
	client := directClient(NewHandler(e.api(), Options{}))
	count := 0
	for name, shape := range model.Shapes {
		if !shape.Exception {
			continue
		}
		count++
		status := shape.Error.HTTPStatusCode
		if status == 0 {
			status = 400
		}
		if errorTypes[name] == nil {
			t.Errorf("%s has no type", name)
			continue
		}
		made := errorTypes[name]("m <&>")
		if made.Code() != name || made.Status() != status || made.ErrorMessage() != "m <&>" || made.Error() != name+": m <&>" {
			t.Errorf("%s: %q, status %d, %q", name, made.Code(), made.Status(), made.Error())
		}
		e.err = made
		_, err := client.GetHostedZone(t.Context(), &GetHostedZoneInput{Id: "Z1"})
		var got APIError
		if !errors.As(err, &got) || got.Error() != made.Error() || got.Status() != status {
			t.Errorf("%s came back as %v", name, err)
		}
	}
	if count != 69 || len(errorTypes) != 69 {
		t.Errorf("%d errors in the model, %d types", count, len(errorTypes))
	}
	e.err = &NoSuchHostedZone{Message: "m"}
	_, err = client.GetHostedZone(t.Context(), &GetHostedZoneInput{Id: "Z1"})
	if typed := new(NoSuchHostedZone); !errors.As(err, &typed) || typed.Message != "m" {
		t.Errorf("got %T %v", err, err)
	}
}

func TestErrorFromUnknownCode(t *testing.T) {
	got := errorFrom(restxml.ErrorDocument{Code: "Throttling", Message: "Rate exceeded"}, 400)
	if g, ok := got.(*GenericError); !ok || g.Code() != "Throttling" || g.Status() != 400 {
		t.Errorf("got %#v", got)
	}
	if s := (&GenericError{ErrorCode: "X"}).Status(); s != http.StatusBadRequest {
		t.Errorf("default status %d", s)
	}
}
