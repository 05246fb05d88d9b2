//! What the signature itself is like.

use pkgseal_testkit::keys::{self, Form, Hash, Issuer, RawOptions, With};

use crate::agreement::case::{Case, signed_then, text};

pub(crate) fn cases() -> Vec<Case> {
    let text = text();
    let mut cases = digests(&text);
    cases.extend(odd(&text));
    cases
}

fn digests(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for name in ["good-ed25519", "good-rsa4096", "good-p256"] {
        let key = keys::load(name);
        for hash in [
            Hash::Md5,
            Hash::Sha1,
            Hash::Sha224,
            Hash::Sha256,
            Hash::Sha384,
            Hash::Sha512,
        ] {
            let signers = [(&key, signed_then().hash(hash))];
            let of =
                |layout: &str| Case::new("digests", format!("{name}, {hash:?}, {layout}"), &[name]);
            cases.push(of("InRelease").inline(&signers, text));
            cases.push(of("Release.gpg").detached(&signers, text));
        }
    }
    // Beside a good one.
    let (good, rsa) = (keys::load("good"), keys::load("good-rsa4096"));
    for (hash, first) in [(Hash::Sha1, true), (Hash::Sha1, false), (Hash::Md5, false)] {
        let weak = (&rsa, signed_then().hash(hash));
        let strong = (&good, signed_then());
        let signers = if first {
            [weak, strong]
        } else {
            [strong, weak]
        };
        let order = if first { "first" } else { "second" };
        let trusted = ["good", "good-rsa4096"];
        let name = format!("{hash:?} {order} beside a good one");
        cases.push(Case::new("digests", name, &trusted).inline(&signers, text));
    }
    cases
}

fn odd(text: &str) -> Vec<Case> {
    let good = keys::load("good");
    let rsa = keys::load("good-rsa4096");
    let mut cases = Vec::new();
    let mut both = |name: &str, options: RawOptions| {
        let signers = [(&good, options)];
        let of = |layout: &str| Case::new("odd signatures", format!("{name}, {layout}"), &["good"]);
        cases.push(of("InRelease").inline(&signers, text));
        cases.push(of("Release.gpg").detached(&signers, text));
    };
    both("signed tomorrow", RawOptions::at("2025-09-02"));
    both("signed in a year", RawOptions::at("2026-09-01"));
    both("older than its key", RawOptions::at("2024-12-01"));
    both("expired signature", signed_then().expires_in(86400));
    both("expiring signature", signed_then().expires_in(400 * 86400));
    both("no issuer", signed_then().issuer(Issuer::Absent));
    both(
        "another issuer",
        signed_then().issuer(Issuer::Other("good-rsa4096".into())),
    );
    both(
        "critical notation",
        signed_then().critical_notation("unknown@test.invalid", "x"),
    );
    both(
        "by the primary, which may not sign",
        signed_then().with(With::Primary),
    );

    // Kinds of signatures.
    let binary = keys::raw_sign(&good, text.trim_end().as_bytes(), &signed_then().binary());
    cases.push(
        Case::new("odd signatures", "binary kind in InRelease", &["good"])
            .inrelease(keys::clearsigned(text, "Hash: SHA256\n", &binary)),
    );
    let binary = keys::raw_sign(&good, text.as_bytes(), &signed_then().binary());
    cases.push(
        Case::new(
            "odd signatures",
            "binary kind with the last line end in InRelease",
            &["good"],
        )
        .inrelease(keys::clearsigned(text, "Hash: SHA256\n", &binary)),
    );
    for (name, form) in [("text", Form::Text), ("standalone", Form::Standalone)] {
        cases.push(
            Case::new(
                "odd signatures",
                format!("{name} kind in Release.gpg"),
                &["good"],
            )
            .detached(&[(&good, signed_then().form(form))], text),
        );
    }
    let blanks = text.replace("Label: pkgseal TEST", "Label: pkgseal TEST  ");
    cases.push(
        Case::new(
            "odd signatures",
            "text kind in Release.gpg, blanks at a line's end",
            &["good"],
        )
        .detached(&[(&good, signed_then().form(Form::Text))], &blanks),
    );
    let crlf = text.replace('\n', "\r\n");
    for (name, form) in [("text", Form::Text), ("binary", Form::Binary)] {
        cases.push(
            Case::new(
                "odd signatures",
                format!("{name} kind over CRLF lines in Release.gpg"),
                &["good"],
            )
            .detached(&[(&good, signed_then().form(form))], &crlf),
        );
    }
    // Version 3.
    for day in [keys::NOW, "2025-01-31", "2026-02-02"] {
        let of = |layout: &str| {
            let name = format!("version 3, {layout}, {day}");
            Case::new("odd signatures", name, &["good-rsa4096"]).at(day)
        };
        let time = keys::time("2025-01-15");
        let packet = keys::sign_text_v3(&rsa, text, time);
        cases.push(of("InRelease").inrelease(keys::clearsigned(text, "Hash: SHA256\n", &packet)));
        let packet = keys::raw_sign_v3(&rsa, text.as_bytes(), time);
        cases.push(
            of("Release.gpg")
                .release(text)
                .signature(keys::armor(&packet)),
        );
    }
    // Odd ones beside a good one.
    let trusted = ["good", "good-rsa4096", "good-brainpool-p256"];
    let strong = keys::sign_text(&good, text, &signed_then());
    let third = keys::sign_text_v3(&rsa, text, keys::time("2025-01-15"));
    let nameless = keys::sign_text(&rsa, text, &signed_then().issuer(Issuer::Absent));
    let brainpool = keys::load("good-brainpool-p256");
    let curve = keys::sign_text(&brainpool, text, &signed_then());
    let notation = signed_then().critical_notation("unknown@test.invalid", "x");
    let critical = keys::sign_text(&rsa, text, &notation);
    let binary = keys::raw_sign(&rsa, text.trim_end().as_bytes(), &signed_then().binary());
    for (name, odd, day) in [
        ("version 3", &third, keys::NOW),
        ("version 3 in 2026", &third, "2026-02-02"),
        ("no issuer", &nameless, keys::NOW),
        ("Brainpool", &curve, keys::NOW),
        ("a critical notation", &critical, keys::NOW),
        ("a binary kind", &binary, keys::NOW),
    ] {
        for (order, packets) in [
            ("behind", [strong.as_slice(), odd.as_slice()].concat()),
            ("before", [odd.as_slice(), strong.as_slice()].concat()),
        ] {
            cases.push(
                Case::new(
                    "odd signatures",
                    format!("{name} {order} a good one"),
                    &trusted,
                )
                .at(day)
                .inrelease(keys::clearsigned(text, "Hash: SHA256\n", &packets)),
            );
        }
    }
    // Digests shorter than the curve.
    for (name, hash) in [
        ("good-p384", Hash::Sha256),
        ("good-p521", Hash::Sha384),
        ("good-brainpool-p256", Hash::Sha224),
    ] {
        let key = keys::load(name);
        cases.push(
            Case::new("odd signatures", format!("{name} with {hash:?}"), &[name])
                .inline(&[(&key, signed_then().hash(hash))], text),
        );
    }
    // Something else than the signed bytes.
    let changed = text.replace("pkgseal TEST\nSuite", "pkgseal TEST.\nSuite");
    assert_ne!(changed, text);
    let packet = keys::sign_text(&good, text, &signed_then());
    cases.push(
        Case::new("odd signatures", "changed text, InRelease", &["good"])
            .inrelease(keys::clearsigned(&changed, "Hash: SHA256\n", &packet)),
    );
    let packet = keys::raw_sign(&good, text.as_bytes(), &signed_then());
    cases.push(
        Case::new("odd signatures", "changed text, Release.gpg", &["good"])
            .release(changed)
            .signature(packet),
    );
    cases
}
