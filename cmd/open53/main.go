// Command open53 is the Route 53 that people run themselves: the server and
// its command line in one binary.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"
)

// Set by the linker; see the Makefile.
var (
	version = "dev"
	commit  = "unknown"
)

func main() { os.Exit(run()) }

// run is main with an exit code, for testscript.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRootCommand()
	if err := root.ExecuteContext(ctx); err != nil {
		_, _ = fmt.Fprintf(root.ErrOrStderr(), "open53: %v\n", err)
		return exitCode(err)
	}
	return 0
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "open53",
		Short: "The Route 53 that people run themselves",
		Long: `open53 holds hosted zones behind the Amazon Route 53 API and answers DNS from
them. "open53 serve" runs the server; the other commands are its clients and
find endpoint and credentials as the AWS CLI does.`,
		Example: `  open53 dev                                     a throw-away server on this machine
  open53 zone create example.com                 create a hosted zone
  open53 record set example.com www A 192.0.2.1  write a record
  dig @127.0.0.1 -p 5454 www.example.com         ask for it`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddGroup(&cobra.Group{ID: "server", Title: "Server:"}, &cobra.Group{ID: "client", Title: "Client:"})
	root.AddCommand(newServeCommand(), newDevCommand())
	root.AddCommand(clientCommands()...)
	return root
}

// newVersionCommand prints what this binary is.
func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "open53 %s (commit %s, %s, %s/%s)\n", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
