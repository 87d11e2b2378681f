package bus

import (
	"context"
	"sync"
	"testing"
)

func TestRingsBecomeOne(t *testing.T) {
	b := New()
	ctx, cancel := context.WithCancel(context.Background())
	one, two, other := b.Listen(ctx, Changed), b.Listen(ctx, Changed), b.Listen(ctx, Folded)
	for range 3 {
		b.Ring(Changed)
	}
	<-one
	<-two
	select {
	case <-one:
		t.Error("three rings woke twice")
	case <-other:
		t.Error("another topic woke")
	default:
	}
	b.Ring(Changed)
	if _, ok := <-one; !ok {
		t.Error("a ring after looking was lost")
	}
	cancel()
	for range one { // ends only when it is closed
	}
	for range two {
	}
	for range other {
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.listeners) != 0 {
		t.Errorf("%d topics still have listeners", len(b.listeners))
	}
}

func TestRingWhileListenersComeAndGo(t *testing.T) {
	b := New()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				ctx, cancel := context.WithCancel(context.Background())
				ch := b.Listen(ctx, Changed)
				b.Ring(Changed)
				<-ch
				cancel()
			}
		})
	}
	wg.Wait()
}
