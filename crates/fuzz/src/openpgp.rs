//! Armor, packets, clearsigned messages, certificates, profiles.

use pkgseal_openpgp::{Certificate, Certificates, Object, Profile, SignatureBlock, Verifier};
use pkgseal_testkit::keys::{self, RawOptions};

use crate::{Target, seeds};

/// What the signatures of the seeds are over.
const TEXT: &[u8] = b"Origin: Example\nSuite: stable\n\nSHA256:\n";

/// Detached signature blocks, judged over a fixed text.
pub(crate) const SIGNATURE: Target = Target {
    name: "signature",
    run: |data| {
        let _ = SignatureBlock::parse_single_binary(data);
        if let Ok(block) = SignatureBlock::parse(data) {
            let _ = block.summary();
        }
        let judge =
            |verifier: &Verifier| verifier.detached_bytes(Object::Artifact, TEXT.to_vec(), data);
        judge(seeds::friend());
        let judged = judge(seeds::stranger());
        assert!(
            !judged.report().is_accepted(),
            "accepted without its certificate"
        );
    },
    seeds: || {
        let mut seeds = vec![seeds::signature(TEXT), seeds::binary_signature(TEXT)];
        for name in [
            "good-rsa2048",
            "good-p256",
            "good-v6-ed25519",
            "revoked-soft",
        ] {
            let options = RawOptions::at(keys::SIGNED);
            seeds.push(keys::raw_sign(&keys::load(name), TEXT, &options));
            seeds.push(keys::raw_sign(&keys::load(name), TEXT, &options.binary()));
        }
        let two = seeds
            .iter()
            .take(2)
            .map(Vec::as_slice)
            .collect::<Vec<_>>()
            .concat();
        seeds.push(two);
        seeds
    },
};

/// What the clearsigned seeds say.
const MESSAGES: &[&str] = &[
    "Origin: Example\nSuite: stable\n",
    "- dash\n-----BEGIN\nFrom me\n\nend\n",
    "Origin: Other\n",
];

/// Clearsigned messages: only what was signed is ever accepted.
pub(crate) const CLEARTEXT: Target = Target {
    name: "cleartext",
    run: |data| {
        let judged = seeds::stranger().cleartext(Object::Repository, data);
        assert!(
            !judged.report().is_accepted(),
            "accepted without its certificate"
        );
        let judged = seeds::friend().cleartext(Object::Repository, data);
        if let (Some(text), _) = judged.accept() {
            let lines = canonical(text.get());
            let known = MESSAGES
                .iter()
                .any(|known| canonical(known.as_bytes()) == lines);
            assert!(known, "accepted what nobody signed");
        }
    },
    seeds: || {
        let sign = |text: &&str| {
            let options = RawOptions::at(keys::SIGNED).form(keys::Form::Text);
            keys::raw_clearsign(&[(&seeds::signer(), options)], text)
        };
        let mut seeds: Vec<Vec<u8>> = MESSAGES.iter().map(sign).collect();
        if let Some(first) = seeds.first() {
            seeds.push(
                String::from_utf8_lossy(first)
                    .replace('\n', "\r\n")
                    .into_bytes(),
            );
        }
        seeds
    },
};

/// The lines a text signature covers (RFC 9580, 7.1): trailing blanks do not count.
fn canonical(text: &[u8]) -> Vec<Vec<u8>> {
    let blank = |byte: &u8| [b' ', b'\t', b'\r'].contains(byte);
    let mut lines: Vec<Vec<u8>> = text
        .split(|byte| *byte == b'\n')
        .map(|line| {
            let end = line
                .iter()
                .rposition(|byte| !blank(byte))
                .map_or(0, |last| last + 1);
            line.iter().take(end).copied().collect()
        })
        .collect();
    if lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    lines
}

/// Certificate files; what was read is looked at and used.
pub(crate) const CERTIFICATES: Target = Target {
    name: "certificates",
    run: |data| {
        let (certificates, _) = Certificate::parse_all(data);
        let profile = Profile::strict();
        for certificate in &certificates {
            let _ = certificate.user_ids(seeds::now());
            let _ = certificate.keys(&profile, seeds::now());
            let _ = certificate.lint(&profile, seeds::now());
            let _ = Certificate::parse_all(&certificate.to_armored());
        }
        let verifier = Verifier::new(Certificates::new(certificates), profile, seeds::now());
        let _ = verifier.detached_bytes(Object::Artifact, TEXT.to_vec(), &seeds::signature(TEXT));
    },
    seeds: || {
        [
            "good-ed25519",
            "revoked-soft",
            "good-v6-ed25519",
            "good-p256",
            "sha1-binding",
        ]
        .iter()
        .map(|name| keys::load(name).certificate().to_vec())
        .collect()
    },
};

/// Profile files.
pub(crate) const PROFILE: Target = Target {
    name: "profile",
    run: |data| {
        if let Ok(text) = str::from_utf8(data) {
            let _ = Profile::parse("fuzz", text);
        }
    },
    seeds: || {
        Profile::embedded()
            .iter()
            .map(|(_, text)| text.as_bytes().to_vec())
            .collect()
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Else the mutations would stop at the door.
    #[test]
    fn seeds_are_good() {
        for seed in (CLEARTEXT.seeds)().into_iter().take(MESSAGES.len()) {
            let judged = seeds::friend().cleartext(Object::Repository, &seed);
            assert!(judged.report().is_accepted(), "{:?}", judged.report());
        }
        let signature = seeds::signature(TEXT);
        let judged = seeds::friend().detached_bytes(Object::Artifact, TEXT.to_vec(), &signature);
        assert!(judged.report().is_accepted(), "{:?}", judged.report());
    }
}
