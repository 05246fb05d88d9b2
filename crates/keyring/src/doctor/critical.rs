//! Critical subpackets: what a signature says that a reader must understand or refuse.

use openpgp::packet::Signature;
use openpgp::packet::signature::subpacket::{SubpacketTag, SubpacketValue};
use sequoia_openpgp as openpgp;

/// A critical subpacket or notation nobody here understands (RFC 9580, 5.2.3.7).
pub(super) fn not_understood(signature: &Signature) -> Option<String> {
    signature
        .hashed_area()
        .iter()
        .filter(|subpacket| subpacket.critical())
        .find_map(|subpacket| match subpacket.value() {
            SubpacketValue::NotationData(notation) => {
                Some(format!("the critical notation \"{}\"", notation.name()))
            }
            SubpacketValue::Unknown { .. } => {
                let number = match subpacket.tag() {
                    SubpacketTag::Unknown(number)
                    | SubpacketTag::Private(number)
                    | SubpacketTag::Reserved(number) => number,
                    other => u8::from(other),
                };
                Some(format!("a critical subpacket of type {number}"))
            }
            _ => None,
        })
}
