package demo

import (
	"math/bits"
	"time"

	"pons/fact"
	"pons/protocol"
)

// WeekDays is how many days of traffic Talk tells: enough for use to be compared (two weeks), and few enough for a demo
// that starts at once.
const WeekDays = 15

// PointTalk is what one mirror port heard, as a sensor would have summed it.
type PointTalk struct {
	Point   string // says that it is synthetic
	Traffic []protocol.Traffic
}

// Talk invents the traffic of the days before the exports: sums of an hour for the hosts of the captures, in the rhythm
// of their kind. Modalities store into the archive, monitors and analysers send HL7 to the engine, pumps talk to their
// server while they are in use, workstations print and browse, building controllers report; a few devices rest where
// their likes work, and the last days bring conversations that were never there before. Nothing of it passed a
// network or a parser: the sums are made up whole, with public addresses of the documentation ranges (RFC 5737).
func Talk(o Options) ([]PointTalk, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if o.Wire <= 0 {
		return nil, nil
	}
	w := build(o)
	var out []PointTalk
	for i := range w.sites {
		t := &talker{w: w, site: i, d: newDice(w.Seed, "week "+w.sites[i].slug), end: w.At.Truncate(time.Hour)}
		t.archive, t.engine, t.pumps, t.portal = w.first("pacs-server", 0), w.first("server", 0), w.first("server", 1), w.first("server", 2)
		hosts := w.record(i).hosts
		for _, v := range hosts {
			switch v.article.class {
			case "printer", "label-printer":
				t.printers = append(t.printers, v)
			case "hvac-controller":
				t.building = append(t.building, v)
			}
		}
		for n, v := range hosts {
			t.lead(n, v)
		}
		out = append(out, PointTalk{"synthetic mirror port " + w.sites[i].slug, t.traffic})
	}
	return out, nil
}

// talker makes up what one port hears.
type talker struct {
	w                              *world
	site                           int
	d                              dice
	end                            time.Time
	archive, engine, pumps, portal *device
	printers, building             []*device
	traffic                        []protocol.Traffic
}

// key is a host as this port sees it: by its address where it stands at another site, behind the router.
func (t *talker) key(v *device) fact.Key {
	if v.site != t.site {
		return fact.Host("", v.ip.String())
	}
	return fact.Host(v.mac, "")
}

// volume is what an hour of a conversation carried.
type volume struct {
	conversations, associations, messages, studies int
	up, down                                       int // bytes
	minutes                                        uint64
}

// say adds an hour of a conversation.
func (t *talker) say(at time.Time, client, server fact.Key, name string, transport protocol.Transport, port uint16, x volume) {
	if x.minutes == 0 {
		return
	}
	const frame = 700 // bytes of a frame, taking small and large together
	t.traffic = append(t.traffic, protocol.Traffic{Hour: at, Client: client, Server: server, Transport: transport, Port: port, Protocol: name,
		Up: protocol.Volume{Packets: uint64(x.up/frame + 1), Bytes: uint64(x.up)}, Down: protocol.Volume{Packets: uint64(x.down/frame + 1), Bytes: uint64(x.down)},
		Conversations: uint64(x.conversations), Associations: uint64(x.associations), Messages: uint64(x.messages), Studies: uint64(x.studies), Minutes: x.minutes,
		First: at.Add(time.Duration(bits.TrailingZeros64(x.minutes)) * time.Minute), Last: at.Add(time.Duration(63-bits.LeadingZeros64(x.minutes))*time.Minute + 40*time.Second)})
}

// some sets n minutes of an hour, in one run or spread.
func (t *talker) some(n int, run bool) (mask uint64) {
	n = min(max(n, 1), 60)
	if run {
		return (1<<n - 1) << t.d.between(0, 60-n)
	}
	for bits.OnesCount64(mask) < n {
		mask |= 1 << t.d.IntN(60)
	}
	return mask
}

const everyMinute = 1<<60 - 1

// lead makes up the days of one host.
func (t *talker) lead(n int, v *device) {
	eager := 0.35 + 0.9*t.d.Float64() // how much it is used beside its likes
	switch {
	case n%17 == 5:
		eager = 0.04 // forgotten in a corner
	case n%23 == 7:
		eager = 2.4
	}
	first := t.end.AddDate(0, 0, -WeekDays).Truncate(24 * time.Hour)
	for at := first; at.Before(t.end); at = at.Add(time.Hour) {
		if at.Hour() == 4 { // upkeep, once a day
			t.say(at, t.key(v), fact.Host("ff:ff:ff:ff:ff:ff", ""), "dhcp", protocol.UDP, 67, volume{conversations: 1, up: 700, minutes: 1})
		}
		t.hour(n, v, at, eager)
	}
	t.surprise(n, v)
}

// by is how likely work is in an hour: wards never sleep, clinics do.
func (t *talker) by(at time.Time, night, weekend float64) float64 {
	h, p := at.Hour(), 1.0
	if h < 7 || h > 18 {
		p = night
	} else if h < 8 || h > 16 || h == 12 {
		p = (1 + night) / 2
	}
	if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
		p *= weekend
	}
	return p
}

func (t *talker) hour(n int, v *device, at time.Time, eager float64) {
	d, me, a := t.d, t.key(v), v.article
	to := func(server *device, name string, port uint16, x volume) {
		if server != nil && server != v {
			x.conversations = max(x.conversations, 1)
			t.say(at, me, t.key(server), name, protocol.TCP, port, x)
		}
	}
	switch {
	case a.talk&talkDICOM != 0:
		weekend := 0.25
		if a.class == "ct" || a.class == "mobile-x-ray" {
			weekend = 0.8
		}
		if d.often(min(1, 0.6*eager*t.by(at, 0.12, weekend))) {
			studies := d.between(1, 3)
			images := studies * map[string]int{"ct": 320, "mri": 240, "ultrasound": 35, "angiography": 90, "mammography": 8}[a.class]
			images = max(images, studies*3)
			to(t.archive, "dicom", 11112, volume{conversations: studies, associations: studies, messages: images, studies: studies, up: images * 480_000, down: images * 300, minutes: t.some(studies*9, true)})
		}
		if a.class == "ct" && at.Hour() == 2 { // the maker reads counters at night
			t.say(at, me, fact.Host("", "203.0.113.10"), "tls", protocol.TCP, 443, volume{conversations: 1, up: 90_000, down: 12_000, minutes: 0b111})
		}
	case a.class == "patient-monitor" || a.class == "ventilator" && a.talk != 0:
		// A bed is taken or free for days: decided by the device and the half week.
		if taken := (at.Unix()/302_400+int64(n)*7)%10 < int64(8*min(eager, 1.1)); taken {
			to(t.engine, "hl7", 6661, volume{messages: 60, up: 58_000, down: 9_000, minutes: everyMinute})
		}
	case a.talk&talkHL7 != 0:
		if d.often(min(1, 0.7*eager*t.by(at, 0.35, 0.7))) {
			results := d.between(2, 40)
			to(t.engine, "hl7", 6661, volume{messages: results, up: results * 1400, down: results * 160, minutes: t.some(results, false)})
		}
	case a.class == "infusion-pump" || a.class == "syringe-pump":
		if d.often(min(1, 0.5*eager*t.by(at, 0.6, 0.85))) {
			name, port := "tls", uint16(443)
			if a.talk&talkHTTP != 0 {
				name, port = "http", 80
			}
			to(t.pumps, name, port, volume{conversations: 2, up: 30_000, down: 16_000, minutes: t.some(d.between(15, 60), true)})
		}
	case a.talk&talkWindows != 0:
		if d.often(min(1, 0.75*eager*t.by(at, 0.1, 0.2))) {
			to(t.portal, "http", 80, volume{conversations: 1, up: 600, down: 3_000, minutes: t.some(1, true)})
			to(t.portal, "tls", 443, volume{conversations: d.between(3, 30), up: d.between(40_000, 900_000), down: d.between(300_000, 9_000_000), minutes: t.some(d.between(5, 40), false)})
			if len(t.printers) > 0 && d.often(0.15) {
				t.say(at, me, t.key(t.printers[n%len(t.printers)]), "", protocol.TCP, 9100, volume{conversations: 1, messages: 1, up: d.between(60_000, 2_000_000), down: 2000, minutes: t.some(1, true)})
			}
			if n%9 == 2 && d.often(0.3) {
				t.say(at, me, fact.Host("", "198.51.100."+itoa(20+n%5)), "tls", protocol.TCP, 443, volume{conversations: 2, up: 30_000, down: 700_000, minutes: t.some(3, false)})
			}
		}
	case a.class == "camera":
		to(t.portal, "http", 80, volume{up: 500, down: 900, minutes: 1})
		if t.portal != nil {
			t.say(at, t.key(t.portal), me, "rtsp", protocol.TCP, 554, volume{conversations: 1, up: 60_000, down: 210_000_000, minutes: everyMinute})
		}
	case a.class == "hvac-controller":
		if len(t.building) > 0 && t.building[0] != v {
			t.say(at, t.key(t.building[0]), me, "bacnet", protocol.UDP, 47808, volume{conversations: 4, up: 18_000, down: 22_000, minutes: t.some(12, false)})
		}
	case a.talk&(talkHTTP|talkTLS) != 0:
		if d.often(min(1, 0.4*eager*t.by(at, 0.3, 0.5))) {
			server, name, port := t.portal, "http", uint16(80)
			if a.category == "medical" || a.talk&talkTLS != 0 {
				server = t.pumps
			}
			if a.talk&talkTLS != 0 {
				name, port = "tls", 443
			}
			to(server, name, port, volume{conversations: 2, up: 8_000, down: 40_000, minutes: t.some(d.between(2, 12), false)})
		}
	case a.talk&(talkSwitch|talkSNMP|talkPrinter) != 0 && at.Hour()%6 == 0:
		if t.portal != nil {
			t.say(at, t.key(t.portal), me, "snmp", protocol.UDP, 161, volume{conversations: 1, up: 4_000, down: 30_000, minutes: 1})
		}
	}
}

// surprise is what the last days bring: a pump that reports to the internet, a workstation that opens a Telnet session
// to a monitor, a camera that nobody told to talk to the archive.
func (t *talker) surprise(n int, v *device) {
	at := t.end.Add(-time.Duration(20+n%30) * time.Hour)
	switch class := v.article.class; {
	case class == "infusion-pump" && n%11 == 3:
		t.say(at, t.key(v), fact.Host("", "203.0.113.66"), "tls", protocol.TCP, 8443, volume{conversations: 3, up: 420_000, down: 18_000, minutes: 0b1101})
	case class == "camera" && n%7 == 1 && t.archive != nil:
		t.say(at, t.key(v), t.key(t.archive), "", protocol.TCP, 445, volume{conversations: 9, up: 5_000, down: 2_000, minutes: 0b11})
	case class == "workstation" && n%29 == 4 && t.engine != nil:
		t.say(at, t.key(v), t.key(t.engine), "telnet", protocol.TCP, 23, volume{conversations: 1, up: 900, down: 12_000, minutes: 0b111111})
	}
}
