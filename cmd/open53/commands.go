package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// clientCommands are the verbs that talk to a server, or to the files of one
// that does not run.
func clientCommands() []*cobra.Command {
	commands := []*cobra.Command{
		newZoneCommand(), newRecordCommand(), newImportCommand(), newExportCommand(), newChangeCommand(),
		newHistoryCommand(), newRevertCommand(), newExplainCommand(),
		newHealthCommand(), newVPCCommand(), newLatencyCommand(),
		newBackupCommand(), newRestoreCommand(), newVerifyCommand(), newCompactCommand(),
	}
	for _, cmd := range commands {
		cmd.GroupID = "client"
		cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	}
	return append(commands, newVersionCommand())
}

// Exit codes.
const (
	exitFailed = 1 // what was asked for could not be done, or faults were found
	exitUsage  = 2 // it was not asked for properly; nothing was done
)

// usageError is a command line that makes no sense.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

func exitCode(err error) int {
	var usage *usageError
	// Cobra has no type for commands and flags that it does not know.
	if errors.As(err, &usage) || strings.HasPrefix(err.Error(), "unknown ") {
		return exitUsage
	}
	return exitFailed
}

// arguments admits a number of them; most < 0 is any number.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usagef("arguments are missing: %s", cmd.UseLine())
		case most >= 0 && len(args) > most:
			return usagef("%q is one argument too many: %s", args[most], cmd.UseLine())
		}
		return nil
	}
}

// newGroup is a command that has only sub-commands.
func newGroup(use, short, example string, commands ...*cobra.Command) *cobra.Command {
	group := &cobra.Command{
		Use: use, Short: short, Example: example,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q: see %s --help", args[0], cmd.CommandPath())
			}
			return cmd.Help()
		},
	}
	group.AddCommand(commands...)
	return group
}

// connection is the flags that say which server is meant, and as whom.
type connection struct {
	endpoint, profile, region string
}

// register puts the flags on a command; they count for its sub-commands too.
func (c *connection) register(f *pflag.FlagSet) {
	f.StringVar(&c.endpoint, "endpoint", "", "`URL` of the server; Amazon's is https://route53.amazonaws.com\n(default: as the AWS CLI finds it, else "+defaultEndpoint+")")
	f.StringVar(&c.profile, "profile", "", "credentials of the AWS profile `NAME`")
	f.StringVar(&c.region, "region", "", "sign for the AWS region `NAME` (default us-east-1)")
}

// format is how results are printed.
type format string

const (
	formatTable format = "table"
	formatJSON  format = "json"
)

// Set, String and Type make format a flag.
func (f *format) Set(text string) error {
	if text != string(formatTable) && text != string(formatJSON) {
		return errors.New("neither table nor json")
	}
	*f = format(text)
	return nil
}

func (f *format) String() string { return string(*f) }

// Type is what the help calls the value.
func (f *format) Type() string { return "table|json" }

func (f *format) register(flags *pflag.FlagSet) {
	*f = formatTable
	flags.Var(f, "output", "print a table, or JSON in the shape of the AWS CLI")
}

// settings are the flags that most verbs have.
type settings struct {
	connection
	output format
}

func (s *settings) register(f *pflag.FlagSet) {
	s.connection.register(f)
	s.output.register(f)
}

func registerOutputCompletion(cmd *cobra.Command) {
	// The error is a flag that does not exist, which a test would show.
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
}
