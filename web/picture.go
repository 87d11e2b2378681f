//go:build ignore

// Picture takes the picture of the README: it signs in to a running demo and keeps what its first page looks like.
//
//	bin/pons demo &   then   go run web/picture.go http://127.0.0.1:8080 demo PASSWORD docs/overview.png

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/chromedp/chromedp"
)

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: go run web/picture.go ADDRESS LOGIN PASSWORD FILE")
		os.Exit(2)
	}
	if err := picture(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func picture(address, login, password, file string) error {
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-sync", true))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	defer stop()
	ctx, cancel := chromedp.NewContext(allocator)
	defer cancel()
	err := chromedp.Do(ctx, chromedp.EmulateViewport(1440, 960), chromedp.Navigate(address+"/sign-in"),
		chromedp.SendKeys(chromedp.CSS("#f-login"), login), chromedp.SendKeys(chromedp.CSS("#f-password"), password),
		chromedp.Submit(chromedp.CSS("#f-password")), chromedp.WaitVisible(chromedp.CSS("#menu")), chromedp.Navigate(address+"/"),
		chromedp.Click(chromedp.CSS(`form[action="/tour"] button`)), chromedp.WaitVisible(chromedp.CSS(".note")), chromedp.Navigate(address+"/"), chromedp.Sleep(3*time.Second)) // the tour is put away: it speaks to who tries, not to who reads
	if err != nil {
		return err
	}
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	return os.WriteFile(file, png, 0o644)
}
