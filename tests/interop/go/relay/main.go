// A relay on TCP: Pion's.
//
// Usage: relay ADDRESS PORT USER PASSWORD FIRST LAST
// FIRST to LAST are the ports of the addresses that it lends. It runs until it is ended.
package main

import (
	"fmt"
	"net"
	"os"
	"strconv"

	"github.com/pion/turn/v5"
)

const realm = "interop"

func main() {
	address, port, user, password := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	first, err := strconv.ParseUint(os.Args[5], 10, 16)
	check(err)
	last, err := strconv.ParseUint(os.Args[6], 10, 16)
	check(err)
	listener, err := net.Listen("tcp", net.JoinHostPort(address, port))
	check(err)
	key := turn.GenerateAuthKey(user, realm, password)
	_, err = turn.NewServer(turn.ServerConfig{
		Realm: realm,
		AuthHandler: func(request *turn.RequestAttributes) (string, []byte, bool) {
			return user, key, request.Username == user
		},
		ListenerConfigs: []turn.ListenerConfig{{
			Listener: listener,
			RelayAddressGenerator: &turn.RelayAddressGeneratorPortRange{
				RelayAddress: net.ParseIP(address),
				Address:      address,
				MinPort:      uint16(first),
				MaxPort:      uint16(last),
			},
			PermissionHandler: func(net.Addr, net.IP) bool { return true },
		}},
	})
	check(err)
	select {}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
