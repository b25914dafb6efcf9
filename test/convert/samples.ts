/** Small files as people have them, for the readers and the fuzzer. */

export const swanctlConf: string = `# gateway
conn-defaults {
  version = 2
  mobike = no
  dpd_delay = 15s
  keyingtries = 0
}
connections {
  branch : conn-defaults {
    local_addrs = 192.0.2.1
    remote_addrs = 198.51.100.7, branch.example.net
    proposals = aes256gcm16-prfsha384-x25519, aes128-sha256-modp2048-modp1024, default
    rekey_time = 2h
    over_time = 10m
    vips = 0.0.0.0
    unique = replace
    local { auth = psk
      id = hq.example.net }
    remote {
      auth = psk
      id = branch.example.net
    }
    children {
      lan {
        local_ts = 10.1.0.0/16, 10.2.0.0/16[tcp/443]
        remote_ts = 10.3.0.0/16
        esp_proposals = aes256gcm16-x25519
        start_action = trap
        close_action = trap
        dpd_action = restart
        ipcomp = yes
        updown = /usr/libexec/updown
        replay_window = 64
      }
      transport { mode = transport }
    }
  }
  old { version = 1 }
  road { remote { auth = eap-mschapv2 } }
}
secrets {
  ike-branch { id-1 = branch.example.net
    secret = "a \\"long\\" secret of many letters" }
  eap-carol { id = carol
   secret = hush }
}
authorities { x { cacert = y } }
`;

export const ipsecConf: string = `version 2
config setup
	charondebug="ike 2"
	uniqueids = no

conn %default
	keyexchange=ikev2
	ikelifetime=60m
	keylife=20m
	rekeymargin=3m
	keyingtries=1
	authby=secret

conn home
	left=192.168.0.100
	leftsubnet=10.1.0.0/16
	leftid=@moon.example.net # comment
	leftfirewall=yes
	right=192.168.0.1
	rightsubnet=10.2.0.0/16
	rightid=@sun.example.net
	auto=start
conn home2
	also=home
	leftsubnet=10.7.0.0/16
	auto=add
`;

export const ipsecSecrets: string = `# secrets
@moon.example.net @sun.example.net : PSK 0sUcJ+QUML4AOOnYKSzFr024rPsbw4PMdx
: RSA moonKey.pem
carol : EAP "hush"
`;

export const wireguardConf: string = `[Interface]
Address = 10.9.0.1/24, fd00::1/64
PrivateKey = IFRpE8zaCaJHtt2eWV+dBVYvMfy/bGaoNwR/BsMWuFE=
ListenPort = 51820
PostUp = iptables -A FORWARD -i wg0
[Peer]
PublicKey = /Pr9xbHgknyxe3QnAByKIwzZDCUdR+O17fy0N4J/+GA=
AllowedIPs = 10.9.0.2/32, 192.168.5.0/24
Endpoint = sun.example.net:51820
PersistentKeepalive = 25
[Peer]
PublicKey = jyDoWv8FXiTB85BqTPTe630VfCyCtgQ2B95C+g8lp3A=
PresharedKey = SahZy9YeeE2L4BUOC1Y9i6wX6UzDorqhSIhVjmtQGZI=
AllowedIPs = fd00::2/128
`;

/** The keys in it: of this end, whole, and of its peers, public. */
export const wireguardKeys: WireguardKeys = {
  own: { secret: 'IFRpE8zaCaJHtt2eWV+dBVYvMfy/bGaoNwR/BsMWuFE=', public: 'zRUwV8Zd6IMJd6fTYBXqV4apyW+2Noe2fmPB6NU6jA8=' },
  sun: { secret: '2MF0+L+s9gYTWYGipvx+nO7sR21GsGHmxhBlflAphU8=', public: '/Pr9xbHgknyxe3QnAByKIwzZDCUdR+O17fy0N4J/+GA=' },
  other: { public: 'jyDoWv8FXiTB85BqTPTe630VfCyCtgQ2B95C+g8lp3A=', shared: 'SahZy9YeeE2L4BUOC1Y9i6wX6UzDorqhSIhVjmtQGZI=' },
};

interface WireguardKeys {
  readonly own: { readonly secret: string; readonly public: string };
  readonly sun: { readonly secret: string; readonly public: string };
  readonly other: { readonly public: string; readonly shared: string };
}
