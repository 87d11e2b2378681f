//go:build !linux

package main

import "fmt"

func main() { fmt.Println("live: listening needs Linux") }
