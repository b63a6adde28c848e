//! Which addresses a webhook may be sent to: those of the open internet. Whoever registers an endpoint must not reach the
//! operator's own network through this server (server-side request forgery).
//!
//! Invariant: the address that was checked is the address that is connected to; a name is not looked up again.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// How far deliveries reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The open internet.
    Public,
    /// Also this machine itself, for demonstrations.
    PublicAndLoopback,
}

/// The addresses of a host that may be connected to. Names under `localhost` are this machine (RFC 6761).
pub(super) async fn resolve(host: &str, port: u16, reach: Reach) -> std::io::Result<Vec<SocketAddr>> {
    let found: Vec<SocketAddr> = if host == "localhost" || host.ends_with(".localhost") {
        vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))]
    } else {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        tokio::net::lookup_host((bare, port)).await?.collect()
    };
    Ok(found.into_iter().filter(|address| may_reach(address.ip(), reach)).collect())
}

fn may_reach(address: IpAddr, reach: Reach) -> bool {
    let address = address.to_canonical();
    (reach == Reach::PublicAndLoopback && address.is_loopback())
        || match address {
            IpAddr::V4(address) => is_public_v4(address),
            IpAddr::V6(address) => is_public_v6(address),
        }
}

/// Whether the address is none of those that the IANA registry of special-purpose addresses keeps from the internet.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = a == 0
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        || (a == 198 && (18..20).contains(&b))
        || a >= 240;
    !special
}

/// Only global unicast, and none of it that stands for an IPv4 address in another dress.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_global = first & 0xe000 == 0x2000;
    let is_documentation = (first == 0x2001 && second == 0x0db8) || first & 0xfff0 == 0x3ff0;
    let is_tunnel = first == 0x2002 || (first == 0x2001 && second < 0x0200);
    is_global && !is_documentation && !is_tunnel
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(text: &str, reach: Reach) -> bool {
        may_reach(text.parse().expect("an address"), reach)
    }

    #[test]
    fn only_the_open_internet_is_reached() {
        for public in ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8"] {
            assert!(may(public, Reach::Public), "{public}");
        }
        let inside = [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "198.51.100.7",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "2001::1",
        ];
        for inside in inside {
            assert!(!may(inside, Reach::Public), "{inside}");
        }
    }

    #[test]
    fn loopback_is_reached_only_where_the_operator_allows_it() {
        assert!(may("127.0.0.1", Reach::PublicAndLoopback));
        assert!(may("::1", Reach::PublicAndLoopback));
        assert!(!may("10.0.0.1", Reach::PublicAndLoopback));
        assert!(!may("169.254.169.254", Reach::PublicAndLoopback));
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_refused_however_it_is_written() {
        for host in ["localhost", "hooks.localhost", "127.0.0.1", "[::1]", "0x7f.1", "2130706433"] {
            let found = resolve(host, 80, Reach::Public).await.unwrap_or_default();
            assert!(found.is_empty(), "{host} {found:?}");
        }
        let own =
            resolve("shop.localhost", 81, Reach::PublicAndLoopback).await.expect("no look-up is needed");
        assert_eq!(own, [SocketAddr::from((Ipv4Addr::LOCALHOST, 81))]);
    }
}
