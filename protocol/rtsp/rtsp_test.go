package rtsp

import (
	"slices"
	"strings"
	"testing"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

// secret stands wherever a person or a credential does.
const secret = "DOE-JANE-19700101"

func up(s string) protocoltest.Turn {
	return protocoltest.Turn{Dir: protocol.ToServer, Data: strings.ReplaceAll(s, "\n", "\r\n")}
}

func down(s string) protocoltest.Turn {
	return protocoltest.Turn{Dir: protocol.ToClient, Data: strings.ReplaceAll(s, "\n", "\r\n")}
}

func TestDialogues(t *testing.T) {
	for _, c := range dialogues {
		t.Run(c.name, func(t *testing.T) {
			got := protocoltest.Dialogue(t, Parser(), c.turns...)
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if strings.Contains(strings.Join(got, "\n"), secret) {
				t.Errorf("%q holds what is private", got)
			}
			protocoltest.Splits(t, Parser(), c.turns...)
		})
	}
}

var dialogues = []struct {
	name  string
	turns []protocoltest.Turn
	want  []string
}{
	{"a camera", camera, []string{"client rtsp.user_agent = LibVLC/3.0.18 (LIVE555 Streaming Media v2016.11.28) (User-Agent header)", "server rtsp.server = Hipcam RealServer/V1.0 (Server header)",
		"server rtsp.realm = DS-2CD2042WD-I (WWW-Authenticate header, realm)", "client practice = cleartext-credentials (Authorization header)", "server practice = cleartext-credentials (Authorization header)"}},
	{"frames of the stream hide what looks like a head", []protocoltest.Turn{down("RTSP/1.0 200 OK\nServer: a\n\n$\x00\x00\x1bRTSP/1.0 200 OK\nServer: x\n\nRTSP/1.0 200 OK\nServer: b\n\n")},
		[]string{"server rtsp.server = a (Server header)", "server rtsp.server = b (Server header)"}},
	{"a request of the server, a realm that is an address", []protocoltest.Turn{down("ANNOUNCE rtsp://h/" + secret + " RTSP/1.0\nUser-Agent: cam/1\n\nRTSP/1.0 401 No\nWWW-Authenticate: Basic realm=\"" + secret + "@h\"\n\n")},
		[]string{"server rtsp.user_agent = cam/1 (User-Agent header)"}},
}

// camera is a viewer and a camera in the words of RFC 2326; the fields are those of real products.
var camera = []protocoltest.Turn{
	up("OPTIONS rtsp://192.0.2.9/" + secret + " RTSP/1.0\nCSeq: 1\nUser-Agent: LibVLC/3.0.18 (LIVE555 Streaming Media v2016.11.28)\n\n"),
	down("RTSP/1.0 200 OK\nCSeq: 1\nServer: Hipcam RealServer/V1.0\nPublic: OPTIONS, DESCRIBE\n\n"),
	up("DESCRIBE rtsp://192.0.2.9/" + secret + " RTSP/1.0\nCSeq: 2\nUser-Agent: LibVLC/3.0.18 (LIVE555 Streaming Media v2016.11.28)\n\n"),
	down("RTSP/1.0 401 Unauthorized\nCSeq: 2\nWWW-Authenticate: Basic realm=\"DS-2CD2042WD-I\"\n\n"),
	up("DESCRIBE rtsp://192.0.2.9/1 RTSP/1.0\nCSeq: 3\nAuthorization: Basic " + secret + "\n\n"),
	down("RTSP/1.0 200 OK\nCSeq: 3\nContent-Type: application/sdp\nContent-Length: 37\n\nv=0\ns=" + secret + "\nServer: x\n\n"),
	up("PLAY rtsp://192.0.2.9/1 RTSP/1.0\nCSeq: 4\n\n"),
	down("RTSP/1.0 200 OK\nCSeq: 4\n\n$\x00\x00\x04abcd"),
}

// TestSynthetic holds the capture to the conversation above: no recording of a camera may be passed on.
func TestSynthetic(t *testing.T) {
	s := protocoltest.Synthetic{Transport: protocol.TCP, ClientMAC: [6]byte{0, 0x50, 0x56, 1, 2, 3}, ServerMAC: [6]byte{0x44, 0x19, 0xb6, 1, 2, 4},
		ClientIP: [4]byte{192, 0, 2, 8}, ServerIP: [4]byte{192, 0, 2, 9}, ClientPort: 50123, ServerPort: 554, Turns: camera}
	s.Written(t, "synthetic-camera.pcap")
}
