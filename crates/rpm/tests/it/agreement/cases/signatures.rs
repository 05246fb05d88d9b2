//! Keys in every state, odd signatures.

use pkgseal_testkit::build::rpm::{Format, Tag, tag};
use pkgseal_testkit::keys::{self, Form, Hash, Issuer, RawOptions, With, armor, raw_sign_v3};

use super::super::case::{Case, Slot, old_tags, over, parts, put, signed, usual, wholly_signed};

const KEYS: [&str; 28] = [
    "good-ed25519",
    "good-rsa2048",
    "good-rsa4096",
    "good-p256",
    "good-p384",
    "good-p521",
    "good-brainpool-p256",
    "dsa2048",
    "rsa1024",
    "primary-signs",
    "primary-signs-rsa3072",
    "primary-signs-expired",
    "primary-signs-revoked-hard",
    "primary-signs-revoked-soft",
    "expired",
    "subkey-expired",
    "young",
    "revoked-hard",
    "revoked-soft",
    "subkey-revoked-hard",
    "subkey-revoked-soft",
    "not-signing",
    "authentication-only",
    "unbound-subkey",
    "no-backsig",
    "sha1-binding",
    "sha1-subkey-binding",
    "good-v6-ed25519",
];

pub(super) fn cases() -> Vec<Case> {
    [states(), digests(), odd(), several()].concat()
}

/// Every key, signing before and after it expired or was revoked.
fn states() -> Vec<Case> {
    let mut cases = Vec::new();
    for key in KEYS {
        for (slot, place) in [(Slot::Old, "its old tag"), (Slot::New, "278")] {
            let mut days = vec![keys::SIGNED];
            if ["expired", "revoked", "young"]
                .iter()
                .any(|w| key.contains(w))
            {
                days.push("2025-08-15");
            }
            for day in days {
                let parts = parts(Format::V4);
                let options = RawOptions::at(day).binary();
                let packet = over(key, &parts.header, &options);
                let package = put(parts, key, slot, &packet).build();
                let name = format!("{key} on {day}, in {place}");
                cases.push(Case::new("key states", name, package).trusting(&[key]));
            }
        }
        let package = signed(parts(Format::V4), key, Slot::Old).build();
        let name = format!("{key}, not imported");
        cases.push(Case::new("key states", name, package).trusting(&["stranger"]));
    }
    for key in ["good-ed25519", "primary-signs-rsa3072", "expired"] {
        let package = wholly_signed(parts(Format::V4), key).build();
        let name = format!("{key}, on header and payload");
        cases.push(Case::new("key states", name, package).trusting(&[key]));
    }
    let primary = usual().with(With::Primary);
    for key in ["good-ed25519", "good-rsa4096", "unbound-subkey"] {
        let parts = parts(Format::V4);
        let packet = over(key, &parts.header, &primary);
        let package = put(parts, key, Slot::Old, &packet).build();
        let name = format!("{key}, by its primary key");
        cases.push(Case::new("key states", name, package).trusting(&[key]));
    }
    cases
}

/// Digests of signatures.
fn digests() -> Vec<Case> {
    let mut cases = Vec::new();
    for key in ["good-ed25519", "good-rsa4096"] {
        for hash in [
            Hash::Md5,
            Hash::Sha1,
            Hash::Sha224,
            Hash::Sha256,
            Hash::Sha384,
            Hash::Sha512,
        ] {
            let parts = parts(Format::V4);
            let packet = over(key, &parts.header, &usual().hash(hash));
            let package = put(parts, key, Slot::Old, &packet).build();
            let of = |word: &str| format!("{key} with {hash:?}{word}");
            cases.push(Case::new("signature digests", of(""), package.clone()).trusting(&[key]));
            cases.push(Case::new("signature digests", of(", not imported"), package).trusting(&[]));
        }
    }
    cases
}

/// Odd forms, each in the old tag and in 278.
fn odd() -> Vec<Case> {
    let key = "good-ed25519";
    let header = parts(Format::V4).header;
    let good = over(key, &header, &usual());
    let v6 = over("good-v6-ed25519", &header, &usual());
    let rsa = over("good-rsa2048", &header, &usual());
    let with = |options: RawOptions| over(key, &header, &options);
    let later = |day: &str| with(RawOptions::at(day).binary());
    let flipped = |at: usize| {
        let mut packet = good.clone();
        let at = packet.len() - at;
        packet[at] ^= 1;
        packet
    };
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("a text signature", with(usual().form(Form::Text))),
        (
            "a standalone signature",
            with(usual().form(Form::Standalone)),
        ),
        ("of other content", over(key, b"something else", &usual())),
        ("without issuer", with(usual().issuer(Issuer::Absent))),
        (
            "naming another issuer that is imported",
            with(usual().issuer(Issuer::Other("good-ed25519-2".into()))),
        ),
        (
            "naming another issuer of another algorithm",
            with(usual().issuer(Issuer::Other("good-rsa2048".into()))),
        ),
        (
            "naming another issuer that is unknown",
            with(usual().issuer(Issuer::Other("stranger".into()))),
        ),
        ("that has expired", with(usual().expires_in(86_400))),
        ("that will expire", with(usual().expires_in(400 * 86_400))),
        ("made three minutes ahead", later("2025-09-01T00:03:00Z")),
        ("made ten minutes ahead", later("2025-09-01T00:10:00Z")),
        ("made in a year", later("2026-09-01")),
        ("made before its key", later("2024-06-01")),
        (
            "with a critical notation",
            with(usual().critical_notation("x@test.invalid", "y")),
        ),
        (
            "of version 3",
            raw_sign_v3(&keys::load(key), &header, keys::time(keys::SIGNED)),
        ),
        (
            "of version 3 by RSA",
            raw_sign_v3(
                &keys::load("good-rsa2048"),
                &header,
                keys::time(keys::SIGNED),
            ),
        ),
        ("twice in a tag", [&good[..], &good].concat()),
        ("with bytes behind", [&good[..], b"xx"].concat()),
        ("cut short", good[..good.len() - 3].to_vec()),
        ("armored", armor(&good)),
        ("that is none", b"garbage".to_vec()),
        ("with its last byte changed", flipped(1)),
        ("of version 6", v6),
        ("by RSA", rsa),
    ];
    let trusted = [key, "good-ed25519-2", "good-rsa2048", "good-v6-ed25519"];
    let mut cases = Vec::new();
    for (name, packet) in forms {
        for (place, package) in [
            (
                "267",
                parts(Format::V4).with(Tag::binary(tag::DSA, &packet)),
            ),
            (
                "268",
                parts(Format::V4).with(Tag::binary(tag::RSA, &packet)),
            ),
            (
                "278",
                parts(Format::V4).openpgp(std::slice::from_ref(&packet)),
            ),
        ] {
            let name = format!("a signature {name}, in {place}").replace("a signature a ", "a ");
            cases.push(Case::new("odd signatures", name, package.build()).trusting(&trusted));
        }
    }
    for (name, text) in [
        ("no base64", "!!!".to_owned()),
        ("an empty string", String::new()),
    ] {
        let package = parts(Format::V4).with(Tag::strings(tag::OPENPGP, &[text]));
        cases.push(Case::new(
            "odd signatures",
            format!("278 holds {name}"),
            package.build(),
        ));
    }
    cases
}

/// Several signatures on one package.
fn several() -> Vec<Case> {
    let format = Format::V4;
    let header = parts(format).header;
    let good = over("good-ed25519", &header, &usual());
    let rsa = over("good-rsa2048", &header, &usual());
    let stranger = over("stranger", &header, &usual());
    let expired = over("expired", &header, &RawOptions::at("2025-08-15").binary());
    let bad = over("good-ed25519", b"something else", &usual());
    let broken = good[..good.len() - 9].to_vec();
    let sets: Vec<(&str, Vec<Vec<u8>>)> = vec![
        ("two good", vec![good.clone(), rsa.clone()]),
        ("good, bad", vec![good.clone(), bad.clone()]),
        ("bad, good", vec![bad.clone(), rsa.clone()]),
        ("good, unknown", vec![good.clone(), stranger.clone()]),
        ("unknown, good", vec![stranger.clone(), good.clone()]),
        ("good, expired", vec![good.clone(), expired.clone()]),
        ("expired alone", vec![expired.clone()]),
        ("good, broken", vec![good.clone(), broken.clone()]),
        ("broken, good", vec![broken.clone(), good.clone()]),
    ];
    let trusted = ["good-ed25519", "good-rsa2048", "expired"];
    let mut cases = Vec::new();
    let mut add = |name: String, package: Vec<u8>| {
        cases.push(Case::new("several signatures", name, package).trusting(&trusted));
    };
    for (name, packets) in &sets {
        add(
            format!("278: {name}"),
            parts(format).openpgp(packets).build(),
        );
        add(format!("278 of version 6: {name}"), {
            let parts = parts(Format::V6);
            // Of the other format's header, so all are bad.
            parts.openpgp(packets).build()
        });
    }
    for (name, old, new) in [
        ("good in 267, good in 278", &good, &rsa),
        ("bad in 267, good in 278", &bad, &good),
        ("unknown in 267, good in 278", &stranger, &good),
        ("broken in 267, good in 278", &broken, &good),
        ("good in 267, bad in 278", &good, &bad),
        ("good in 267, unknown in 278", &good, &stranger),
        ("good in 267, broken in 278", &good, &broken),
        ("good in 267, expired in 278", &good, &expired),
    ] {
        let package = parts(format)
            .with(Tag::binary(tag::DSA, old))
            .openpgp(std::slice::from_ref(new));
        add(name.to_owned(), package.build());
    }
    let whole = |key: &str, parts| wholly_signed(parts, key);
    let both = signed(parts(format), "good-ed25519", Slot::Old);
    for (name, package) in [
        (
            "good on the header, unknown on header and payload",
            whole("stranger", both.clone()),
        ),
        (
            "good on the header, good by RSA on header and payload",
            whole("good-rsa2048", both.clone()),
        ),
        (
            "good on the header, bad on header and payload",
            both.clone()
                .with(Tag::binary(old_tags("good-ed25519").1, &bad)),
        ),
        (
            "unknown on the header, good on header and payload",
            whole(
                "good-ed25519",
                parts(format).with(Tag::binary(tag::DSA, &stranger)),
            ),
        ),
        (
            "good in 267, good in 268",
            both.clone().with(Tag::binary(tag::RSA, &rsa)),
        ),
        (
            "good in 267, expired in 268",
            both.with(Tag::binary(tag::RSA, &expired)),
        ),
    ] {
        add(name.to_owned(), package.build());
    }
    cases
}
