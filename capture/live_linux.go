package capture

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"pons/fault"
)

// live is a packet socket with a ring that the kernel fills block by block (TPACKET_V3; Documentation/networking/
// packet_mmap.rst): frames are read where the kernel put them, without a call for each.
type live struct {
	fd    int
	ring  []byte
	count int // blocks
	next  int // block that the kernel fills next
}

// How the ring is driven. A block is handed over when it is full or blockTimeout after its first frame, whichever is
// sooner: little enough that a device shows up at once, long enough that a quiet port costs nothing. pollTimeout bounds how
// long the end of the context is not noticed. headroom is what the kernel leaves before each frame for the tag that it
// took out (expert defaults).
const (
	blockTimeout = 50 * time.Millisecond
	pollTimeout  = 100 * time.Millisecond
	statEvery    = time.Second
	frameSlot    = 2048 // must divide a block; version 3 packs frames regardless of it
	headroom     = 16
	tagSize      = 4
)

// Hardware types of interfaces (linux/if_arp.h) and what their frames look like.
func linkOf(arphrd uint16) (LinkType, bool) {
	switch arphrd {
	case unix.ARPHRD_ETHER, unix.ARPHRD_LOOPBACK:
		return LinkEthernet, true
	case unix.ARPHRD_NONE, unix.ARPHRD_RAWIP:
		return LinkRaw, true
	case unix.ARPHRD_IEEE80211:
		return 105, true
	case unix.ARPHRD_IEEE80211_RADIOTAP:
		return 127, true
	}
	return 0, false
}

func (i *Interface) open(blocks int, promiscuous bool) (err error) {
	dev, err := net.InterfaceByName(i.Name)
	if err != nil {
		return fmt.Errorf("there is no such interface here (`ip link` lists them): %w", fault.NotFound)
	}
	if dev.Flags&net.FlagUp == 0 {
		return fmt.Errorf("is down; `ip link set %s up` starts it: %w", i.Name, fault.Invalid)
	}
	// Protocol 0: nothing arrives before the ring is ready and the socket bound.
	i.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return fmt.Errorf("may not be listened to by this user: run as root, or `setcap cap_net_raw+ep` the program: %w", fault.Denied)
	}
	if err != nil {
		return fmt.Errorf("packet socket: %w", err)
	}
	defer func() {
		if err != nil {
			i.Close()
		}
	}()
	if err := i.prepare(blocks); err != nil {
		return err
	}
	if err := unix.Bind(i.fd, &unix.SockaddrLinklayer{Protocol: swap16(unix.ETH_P_ALL), Ifindex: dev.Index}); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	name, err := unix.Getsockname(i.fd)
	if err != nil {
		return err
	}
	link, known := LinkType(0), false
	if at, ok := name.(*unix.SockaddrLinklayer); ok {
		link, known = linkOf(at.Hatype)
	}
	if !known {
		return fmt.Errorf("is of a kind that Pons cannot read (it reads Ethernet, Wi-Fi in monitor mode, and tunnels of bare IP): %w", fault.Invalid)
	}
	i.Link = link
	if dev.Flags&net.FlagLoopback != 0 { // every frame passes twice there
		if err := unix.SetsockoptInt(i.fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err != nil {
			return fmt.Errorf("ignore outgoing: %w", err)
		}
	}
	if promiscuous && dev.Flags&net.FlagLoopback == 0 {
		member := unix.PacketMreq{Ifindex: int32(dev.Index), Type: unix.PACKET_MR_PROMISC}
		if err := unix.SetsockoptPacketMreq(i.fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &member); err != nil {
			return fmt.Errorf("promiscuous mode: %w", err)
		}
	}
	return nil
}

// prepare makes the ring.
func (i *Interface) prepare(blocks int) error {
	if err := unix.SetsockoptInt(i.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return fmt.Errorf("the kernel is older than 3.2 (TPACKET_V3): %w", err)
	}
	if err := unix.SetsockoptInt(i.fd, unix.SOL_PACKET, unix.PACKET_RESERVE, headroom); err != nil {
		return fmt.Errorf("headroom: %w", err)
	}
	req := unix.TpacketReq3{Block_size: ringBlock, Block_nr: uint32(blocks), Frame_size: frameSlot, Frame_nr: uint32(blocks) * (ringBlock / frameSlot),
		Retire_blk_tov: uint32(blockTimeout / time.Millisecond)}
	if err := unix.SetsockoptTpacketReq3(i.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return fmt.Errorf("a ring of %d MiB: %w; a smaller one may fit", blocks, err)
	}
	ring, err := unix.Mmap(i.fd, 0, blocks*ringBlock, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("map the ring: %w", err)
	}
	i.ring, i.count = ring, blocks
	return nil
}

func swap16(v uint16) uint16 { return v<<8 | v>>8 }

// Close gives the ring and the socket back.
func (i *Interface) Close() error {
	var err error
	if i.ring != nil {
		err = unix.Munmap(i.ring)
		i.ring = nil
	}
	if i.fd > 0 {
		err = errors.Join(err, unix.Close(i.fd))
		i.fd = 0
	}
	return err
}

// Run delivers frames as the kernel stamped them until the context ends, which is no error. It returns how many
// the kernel had to drop since the interface was opened, because the receiver was busy for longer than the ring is.
func (i *Interface) Run(ctx context.Context, deliver func(Frame)) (uint64, error) {
	told := time.Time{}
	for {
		if err := ctx.Err(); err != nil {
			i.stat()
			return i.dropped.Load(), nil
		}
		if now := time.Now(); now.Sub(told) >= statEvery {
			i.stat()
			told = now
		}
		block := i.ring[i.next*ringBlock : (i.next+1)*ringBlock]
		head := (*unix.TpacketHdrV1)(unsafe.Pointer(&block[blockHeader]))
		if atomic.LoadUint32(&head.Block_status)&unix.TP_STATUS_USER == 0 {
			if err := i.wait(); err != nil {
				i.stat()
				return i.dropped.Load(), err
			}
			continue
		}
		i.read(block, head, deliver)
		atomic.StoreUint32(&head.Block_status, unix.TP_STATUS_KERNEL)
		i.next = (i.next + 1) % i.count
	}
}

// blockHeader is where the header lies in a block's description: after its version and the offset of private data.
const blockHeader = 8

// wait sleeps until the kernel hands a block over, or a little.
func (i *Interface) wait() error {
	poll := []unix.PollFd{{Fd: int32(i.fd), Events: unix.POLLIN}}
	n, err := unix.Poll(poll, int(pollTimeout/time.Millisecond))
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("interface %s: %w", i.Name, err)
	}
	if n == 0 || poll[0].Revents&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) == 0 {
		return nil
	}
	code, err := unix.GetsockoptInt(i.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	switch {
	case err != nil:
		return fmt.Errorf("interface %s: %w", i.Name, err)
	case unix.Errno(code) == unix.ENETDOWN: // it may come back: a cable, a switch that restarts
		if _, err := net.InterfaceByName(i.Name); err != nil {
			return fmt.Errorf("interface %s is gone: %w", i.Name, fault.NotFound)
		}
		time.Sleep(pollTimeout)
	case code != 0:
		return fmt.Errorf("interface %s: %w", i.Name, unix.Errno(code))
	}
	return nil
}

// read delivers the frames of a block.
func (i *Interface) read(block []byte, head *unix.TpacketHdrV1, deliver func(Frame)) {
	at := int(head.Offset_to_first_pkt)
	number, bytes := i.frames.Load(), uint64(0)
	for range head.Num_pkts {
		h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&block[at]))
		from, size, length := at+int(h.Mac), int(h.Snaplen), int(h.Len)
		if h.Status&unix.TP_STATUS_VLAN_VALID != 0 && i.Link == LinkEthernet && size >= 12 {
			retag(block[from-tagSize:from+size], h)
			from, size, length = from-tagSize, size+tagSize, length+tagSize
		}
		number++
		bytes += uint64(length)
		deliver(Frame{At: time.Unix(int64(h.Sec), int64(h.Nsec)).UTC(), Link: i.Link, Number: number, Length: length, Data: block[from : from+size : from+size]})
		at += int(h.Next_offset)
	}
	i.frames.Store(number)
	i.bytes.Add(bytes)
}

// retag puts the VLAN tag that the kernel took out back between the addresses and the type, so that frames look as they
// did on the wire. b begins with the four bytes of headroom.
func retag(b []byte, h *unix.Tpacket3Hdr) {
	tpid := uint16(unix.ETH_P_8021Q)
	if h.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
		tpid = h.Hv1.Vlan_tpid
	}
	copy(b, b[tagSize:tagSize+12])
	binary.BigEndian.PutUint16(b[12:], tpid)
	binary.BigEndian.PutUint16(b[14:], uint16(h.Hv1.Vlan_tci))
}

// stat asks the kernel what it dropped since it was last asked.
func (i *Interface) stat() {
	if s, err := unix.GetsockoptTpacketStatsV3(i.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
		i.dropped.Add(uint64(s.Drops))
	}
}
