package fact

// Practice is the attribute of an insecure practice that was seen on the wire: a host offers or uses something that
// lets others read along, guess or get in. Its values are a closed list; who saw it is the source ("wire:ftp"), and
// Because says in which message. Neither holds the credential, the community or the name that went by.
const Practice Attr = "practice"

// The practices. Where both ends take part (an unencrypted exchange), both have it; where one end alone decides
// (a certificate, a default community), that end has it.
const (
	CleartextCredentials   = "cleartext-credentials"   // a login crossed the wire readable: both ends
	DefaultCommunity       = "snmp-default-community"  // an agent answers to public, private or another default
	TelnetInUse            = "telnet"                  // both ends
	FTPInUse               = "ftp"                     // both ends
	SMB1                   = "smb1"                    // SMB 1 was agreed: both ends
	OldTLS                 = "tls-old"                 // less than TLS 1.2: who agreed to it, and a client that offers no better
	ExpiredCertificate     = "certificate-expired"     // at the time of the frame: the server
	SelfSignedCertificate  = "certificate-self-signed" // the server
	CleartextDICOM         = "dicom-cleartext"         // both ends
	CleartextHL7           = "hl7-cleartext"           // both ends
	InternetTalk           = "internet"                // a host of a private network talks with a public address
	RemoteSession          = "remote-session"          // somebody outside works on it: RDP, SSH, VNC or a remote support service
	UnauthenticatedControl = "plant-control-open"      // a plant protocol without authentication changes or programs it
)

// Practices lists them all, in the order in which people are shown them.
func Practices() []string {
	return []string{CleartextCredentials, DefaultCommunity, TelnetInUse, FTPInUse, SMB1, OldTLS, ExpiredCertificate, SelfSignedCertificate,
		CleartextDICOM, CleartextHL7, InternetTalk, RemoteSession, UnauthenticatedControl}
}
