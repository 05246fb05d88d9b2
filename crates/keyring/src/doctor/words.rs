//! Words that several messages share.

use std::time::SystemTime;

use openpgp::types::HashAlgorithm;
use sequoia_openpgp as openpgp;

/// `a`, `a and b`, `a, b and c`; each once.
pub(super) fn list(items: &[String]) -> String {
    let mut once: Vec<&str> = Vec::new();
    for item in items {
        if !once.contains(&item.as_str()) {
            once.push(item);
        }
    }
    match once.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A moment in a sentence, in whole seconds.
pub(super) fn moment(at: SystemTime) -> String {
    super::part::timestamp(at)
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

/// A digest algorithm by its usual name.
pub(super) fn digest(algorithm: HashAlgorithm) -> &'static str {
    match algorithm {
        HashAlgorithm::MD5 => "MD5",
        HashAlgorithm::SHA1 => "SHA-1",
        HashAlgorithm::RipeMD => "RIPEMD-160",
        HashAlgorithm::SHA224 => "SHA-224",
        HashAlgorithm::SHA256 => "SHA-256",
        HashAlgorithm::SHA384 => "SHA-384",
        HashAlgorithm::SHA512 => "SHA-512",
        HashAlgorithm::SHA3_256 => "SHA3-256",
        HashAlgorithm::SHA3_512 => "SHA3-512",
        _ => "an unknown digest",
    }
}
