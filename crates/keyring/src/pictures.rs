//! User attributes of a certificate (RFC 9580, 5.12): pictures of people, as a rule. No client
//! of packages looks at them; they are kept as they are, and named where a keyring is judged.

use openpgp::Cert;
use openpgp::packet::UserAttribute;
use openpgp::packet::user_attribute::Subpacket;
use openpgp::types::HashAlgorithm;
use sequoia_openpgp as openpgp;

/// A picture that the certificate's own key signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    /// What it is made of.
    pub(crate) value: Vec<u8>,
    /// What it is called: `picture of 4711 bytes`.
    pub(crate) name: String,
    pub(crate) revoked: bool,
    /// The digest of its newest self-signature.
    pub(crate) digest: Option<HashAlgorithm>,
}

/// The pictures of a certificate, in its order.
pub(crate) fn pictures(cert: &Cert) -> Vec<Picture> {
    cert.user_attributes()
        .filter_map(|attribute| {
            let newest = attribute.self_signatures().next();
            let revoked = attribute.self_revocations().next().is_some();
            // Anybody may have added any other.
            (newest.is_some() || revoked).then(|| Picture {
                value: attribute.user_attribute().value().to_vec(),
                name: name(attribute.user_attribute()),
                revoked,
                digest: newest.map(|signature| signature.hash_algo()),
            })
        })
        .collect()
}

fn name(attribute: &UserAttribute) -> String {
    let is_picture = |found: &Subpacket| matches!(found, Subpacket::Image(_));
    let mut subpackets = attribute.subpackets();
    let kind = match subpackets.next() {
        Some(Ok(first)) if is_picture(&first) => "picture",
        _ => "user attribute",
    };
    format!("{kind} of {} bytes", attribute.value().len())
}
