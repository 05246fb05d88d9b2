//! Which keys signed.

use pkgseal_testkit::keys;

use crate::agreement::case::{Case, EARLY, signed_then, text};

const SIGNING: [&str; 28] = [
    "good-ed25519",
    "good-rsa2048",
    "good-rsa4096",
    "good-p256",
    "good-p384",
    "good-p521",
    "good-brainpool-p256",
    "good-v6-ed25519",
    "good-v6-ed448",
    "good-mldsa65",
    "primary-signs",
    "primary-signs-rsa3072",
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
    "dsa2048",
    "rsa1024",
    "stranger",
];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let text = text();
    for name in SIGNING {
        let key = keys::load(name);
        let trusted = if name == "stranger" { "good" } else { name };
        let signers = [(&key, signed_then())];
        for day in days(name) {
            let of = |layout: &str| {
                Case::new("one signer", format!("{name}, {layout}, {day}"), &[trusted]).at(day)
            };
            cases.push(of("InRelease").inline(&signers, &text));
            cases.push(of("Release.gpg").detached(&signers, &text));
        }
    }
    cases.extend(several(&text));
    cases
}

/// The days on which a client may change its mind about a key.
fn days(name: &str) -> &'static [&'static str] {
    match name {
        "expired"
        | "subkey-expired"
        | "revoked-hard"
        | "revoked-soft"
        | "subkey-revoked-hard"
        | "subkey-revoked-soft" => &[EARLY, keys::NOW],
        "sha1-binding" | "sha1-subkey-binding" => {
            &["2024-06-01", EARLY, keys::NOW, "2026-01-31", "2026-02-02"]
        }
        "good-rsa2048" => &[keys::NOW, "2029-06-01", "2030-02-02"],
        "good-brainpool-p256" => &[keys::NOW, "2028-02-02"],
        _ => &[keys::NOW],
    }
}

/// Two and three signers in one block, in this order.
fn several(text: &str) -> Vec<Case> {
    // Names of keys; `-` before one: it signed something else. Then who is trusted.
    let blocks: [(&[&str], &[&str]); 24] = [
        (&["good", "good-rsa4096"], &["good", "good-rsa4096"]),
        (&["good", "stranger"], &["good"]),
        (&["stranger", "good"], &["good"]),
        (&["stranger", "good-ed25519-2"], &["good"]),
        (&["good", "-good-rsa4096"], &["good", "good-rsa4096"]),
        (&["-good-rsa4096", "good"], &["good", "good-rsa4096"]),
        (&["good", "-stranger"], &["good"]),
        (&["-good", "-good-rsa4096"], &["good", "good-rsa4096"]),
        (&["good", "expired"], &["good", "expired"]),
        (&["expired", "good"], &["good", "expired"]),
        (&["good", "revoked-hard"], &["good", "revoked-hard"]),
        (&["revoked-soft", "good"], &["good", "revoked-soft"]),
        (&["expired", "revoked-hard"], &["expired", "revoked-hard"]),
        (&["good", "rsa1024"], &["good", "rsa1024"]),
        (&["good", "sha1-binding"], &["good", "sha1-binding"]),
        (&["good", "good"], &["good"]),
        (&["good", "-good"], &["good"]),
        (&["good", "good-v6-ed25519"], &["good", "good-v6-ed25519"]),
        (&["good-v6-ed25519", "good"], &["good", "good-v6-ed25519"]),
        (&["good", "good-v6-ed25519"], &["good"]),
        (&["good-v6-ed25519", "good"], &["good"]),
        (&["good", "good-mldsa65"], &["good"]),
        (&["good-mldsa65", "good"], &["good"]),
        (
            &["good", "good-rsa4096", "good-p256"],
            &["good", "good-p256"],
        ),
    ];
    let mut cases = Vec::new();
    for (signers, trusted) in blocks {
        let (mut of_text, mut of_file) = (Vec::new(), Vec::new());
        for signer in signers {
            let name = signer.trim_start_matches('-');
            let key = keys::load(name);
            let other = format!("{text}X-Changed: yes\n");
            let signed = if name == *signer {
                text
            } else {
                other.as_str()
            };
            of_text.extend(keys::sign_text(&key, signed, &signed_then()));
            of_file.extend(keys::raw_sign(
                &key,
                signed.as_bytes(),
                &signed_then().binary(),
            ));
        }
        let name = |layout: &str| {
            let signers = signers.join(" + ");
            let trusted = trusted.join(", ");
            format!("{signers}, trusting {trusted}, {layout}")
        };
        let message = keys::clearsigned(text, "Hash: SHA256,SHA512\n", &of_text);
        cases.push(Case::new("several signers", name("InRelease"), trusted).inrelease(message));
        cases.push(
            Case::new("several signers", name("Release.gpg"), trusted)
                .release(text)
                .signature(keys::armor(&of_file)),
        );
    }
    cases
}
