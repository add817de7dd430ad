//! From which address a connection came. Behind a proxy, that is the proxy: no header of a client is believed.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The address of a client, without its port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address(IpAddr);

/// The addresses that are counted together: one of IPv4, or a network of IPv6, because one machine has all addresses of its network. `None`: nobody
/// knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Network(Option<IpAddr>);

/// The bits of an address of IPv6 that name its network.
const NETWORK_BITS: u128 = u128::MAX << 64;

impl Address {
    pub(super) fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }
}

impl Network {
    pub(super) fn of(address: Option<Address>) -> Self {
        Self(address.map(|Address(address)| match address {
            IpAddr::V6(long) => IpAddr::V6(Ipv6Addr::from_bits(long.to_bits() & NETWORK_BITS)),
            short => short,
        }))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("unknown"),
            Some(IpAddr::V6(network)) => write!(f, "{network}/64"),
            Some(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_counts_as_one_source() {
        let network = |address: &str| Network::of(Some(Address::new(address.parse().unwrap()))).to_string();
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7", "the same client over another socket");
        assert_eq!(network("2001:db8:0:1:aaaa::1"), "2001:db8:0:1::/64");
        assert_eq!(network("2001:db8:0:1:bbbb::2"), "2001:db8:0:1::/64");
        assert_eq!(Network::default().to_string(), "unknown");
    }
}
