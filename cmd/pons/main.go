// Command pons is the one program of Pons. It hands its arguments to app and decides nothing.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"pons/app"
)

func main() {
	noCore()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends at once what the first could not
	status := app.Run(ctx, os.Args[1:], app.IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	stop()
	os.Exit(status)
}
