//! Traits of certificates, and of the keys that sign.

use jiff::Timestamp;
use pkgseal_openpgp::{
    Certificate, Fingerprint, KeyFacts, KeyState, Profile, SignatureBlock, SignatureFacts,
    Verifier, codes as openpgp_codes,
};

use super::Met;

/// Traits of a whole certificate: of its primary key, and of every key that signs.
pub(super) fn traits(certificate: &Certificate, now: Timestamp) -> Vec<Met> {
    let profile = Profile::strict();
    let keys = certificate.keys(&profile, now);
    let mut met = Vec::new();
    for key in &keys {
        if key.primary || signs(key) {
            push(&mut met, of_key(certificate, key));
        }
    }
    let dead = |key: &&KeyFacts| {
        !key.primary && matches!(key.state, KeyState::Revoked(_) | KeyState::Unbound { .. })
    };
    // A subkey without a back-signature is bound, though not for signing.
    if let Some(key) = keys.iter().filter(dead).find(|key| is_dead(key)) {
        let detail = format!("the subkey {} is revoked or not bound", key.fingerprint);
        push(&mut met, Some(Met::new("dead-subkey", detail)));
    }
    if keys.iter().any(|key| key.primary && !signs(key)) && keys.iter().any(signs) {
        let detail = "its primary key does not sign: a subkey does";
        push(&mut met, Some(Met::new("subkey", detail)));
    }
    if let Some(weak) = certificate
        .lint(&profile, now)
        .into_iter()
        .find(|finding| finding.code == openpgp_codes::WEAK_BINDING)
    {
        push(&mut met, Some(Met::new("sha1-self-signature", weak.detail)));
    }
    if let Some(expires) = keys.iter().filter_map(|key| key.expires).min() {
        let detail = format!("the certificate, or a key in it, expires at {expires}");
        push(&mut met, Some(Met::new("expiry", detail)));
    }
    met
}

fn signs(key: &KeyFacts) -> bool {
    key.capabilities.contains(&"sign")
}

/// Revoked, or without any binding signature.
fn is_dead(key: &KeyFacts) -> bool {
    match &key.state {
        KeyState::Revoked(_) => true,
        KeyState::Unbound { .. } => key.capabilities.is_empty(),
        _ => false,
    }
}

fn push(met: &mut Vec<Met>, one: Option<Met>) {
    if let Some(one) = one
        && met.iter().all(|known| known.name != one.name)
    {
        met.push(one);
    }
}

fn of_key(certificate: &Certificate, key: &KeyFacts) -> Option<Met> {
    of_algorithm(certificate.version(), &key.algorithm).map(|name| {
        Met::new(
            name,
            format!("the key {} is {}", key.fingerprint, key.algorithm),
        )
    })
}

/// By the version of OpenPGP and the algorithm's name, of a key or of a signature alone.
fn of_algorithm(version: u8, name: &str) -> Option<&'static str> {
    if name.starts_with("ML-DSA") || name.starts_with("SLH-DSA") {
        return Some("post-quantum");
    }
    if version >= 6 {
        return Some("v6-key");
    }
    if let Some(bits) = name.strip_prefix("RSA") {
        let short = bits.parse::<u32>().is_ok_and(|bits| bits < 2048);
        return short.then_some("short-rsa");
    }
    if name.starts_with("DSA") {
        Some("dsa")
    } else if name == "EdDSA" || name == "Ed25519" {
        Some("eddsa")
    } else if name == "ECDSA" || name.starts_with("P-") {
        Some("nist-curve")
    } else if name.starts_with("brainpool") {
        Some("brainpool")
    } else {
        None
    }
}

/// Traits of a signature, and of the certificate it was made with where that is known.
pub(super) fn of_signature(
    packet: &[u8],
    signed: &[u8],
    verifier: &Verifier,
) -> Result<(u8, Vec<Met>), pkgseal_repo::Finding> {
    let block = SignatureBlock::parse_single_binary(packet)?;
    let mut hashes = verifier.plan([&block]).start();
    hashes.update(signed);
    let report = verifier.hashed(pkgseal_openpgp::Object::Package, &block, &hashes);
    let mut met = Vec::new();
    let Some(facts) = report.signatures.first() else {
        return Ok((0, met));
    };
    if matches!(
        facts.digest_algorithm.as_str(),
        "SHA-1" | "MD5" | "RIPEMD-160"
    ) {
        let detail = format!("a signature with {}", facts.digest_algorithm);
        met.push(Met::new("sha1-signature", detail));
    }
    match certificate_of(facts, verifier) {
        Some((certificate, key)) => {
            let now = verifier.now();
            for one in traits(certificate, now) {
                // Whether a subkey signs is asked of this very signature.
                if one.name != "subkey" {
                    push(&mut met, Some(one));
                }
            }
            if *key != certificate.fingerprint() {
                let detail = format!("signed by {key}, a subkey of {}", certificate.fingerprint());
                push(&mut met, Some(Met::new("subkey", detail)));
            }
        }
        None => {
            let algorithm = &facts.public_key_algorithm;
            let name = of_algorithm(facts.version, algorithm);
            let detail = format!("a version {} signature by {algorithm}", facts.version);
            push(&mut met, name.map(|name| Met::new(name, detail)));
        }
    }
    Ok((facts.version, met))
}

fn certificate_of<'a>(
    facts: &'a SignatureFacts,
    verifier: &'a Verifier,
) -> Option<(&'a Certificate, &'a Fingerprint)> {
    let certificate = verifier.certificates().get(facts.certificate.as_ref()?)?;
    Some((certificate, facts.key.as_ref()?))
}
