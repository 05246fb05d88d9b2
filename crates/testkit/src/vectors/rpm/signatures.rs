//! Signatures in the wrong place or over the wrong bytes.

use super::{Case, FORMAT, SUBJECT, good_parts, judged, one, parts};
use crate::build::rpm::{Format as PackageFormat, Parts, Rpm, Tag, tag};
use crate::keys::{Form, RawOptions, SIGNED, armor, load, raw_sign};

pub(super) fn cases() -> Vec<Case> {
    let key = load("good-ed25519");
    let options = RawOptions::at(SIGNED).binary();
    let over = |data: &[u8]| raw_sign(&key, data, &options);
    let packet = over(&parts().header);
    let dsa = |packet: &[u8]| parts().with(Tag::binary(tag::DSA, packet)).build();
    let other = Parts::read(&Rpm::new("other", "1.0", "noarch", PackageFormat::V4).build());
    let rsa = raw_sign(&load("good-rsa4096"), &parts().header, &options);
    let v6 = raw_sign(&load("good-v6-ed25519"), &parts().header, &options);
    let mut cases = judged(vec![
        (
            "signature-of-another-header",
            "signature.bad",
            "the signature of another package",
            dsa(&over(&other.header)),
        ),
        (
            "signature-over-the-lead-too",
            "signature.bad",
            "the signature covers the lead as well",
            dsa(&over(&[&parts().lead[..], &parts().header].concat())),
        ),
        (
            "text-signature",
            "signature.wrong-form",
            "a text signature (0x01); packages take 0x00 only",
            dsa(&raw_sign(
                &key,
                &parts().header,
                &options.clone().form(Form::Text),
            )),
        ),
        (
            "two-packets-in-one-tag",
            "signature.malformed",
            "two packets where rpm reads one",
            dsa(&[&packet[..], &packet].concat()),
        ),
        (
            "bytes-after-packet",
            "signature.malformed",
            "bytes after the signature packet",
            dsa(&[&packet[..], b"xx"].concat()),
        ),
        (
            "packet-cut-short",
            "signature.malformed",
            "the signature packet is shorter than it says",
            dsa(&packet[..packet.len() - 3]),
        ),
        (
            "armored-in-binary-tag",
            "signature.malformed",
            "an armored signature where packets belong",
            dsa(&armor(&packet)),
        ),
        (
            "garbage-in-tag",
            "signature.malformed",
            "no OpenPGP data",
            dsa(b"garbage"),
        ),
        (
            "eddsa-in-rsa-tag",
            "accepted",
            "an Ed25519 signature in the tag for RSA, which rpm accepts too",
            parts().with(Tag::binary(tag::RSA, &packet)).build(),
        ),
        (
            "openpgp-not-base64",
            "rpm.signature.encoding",
            "the tag OPENPGP holds no base64",
            parts()
                .with(Tag::strings(tag::OPENPGP, &["!!!".into()]))
                .build(),
        ),
        (
            "openpgp-empty",
            "signature.none",
            "the tag OPENPGP holds an empty string",
            parts()
                .with(Tag::strings(tag::OPENPGP, &[String::new()]))
                .build(),
        ),
        (
            "good-openpgp-bad-legacy",
            "signature.bad",
            "a good signature in OPENPGP, a bad one in DSA",
            parts()
                .openpgp(std::slice::from_ref(&packet))
                .with(Tag::binary(tag::DSA, &over(b"other")))
                .build(),
        ),
        (
            "bad-header-and-payload-signature",
            "signature.bad",
            "a good header signature, a bad one over header and payload",
            good_parts()
                .with(Tag::binary(tag::GPG, &over(b"other")))
                .build(),
        ),
    ]);
    cases.push(
        Case::rejected(
            FORMAT,
            "v6-signature-in-legacy-tag",
            "rpm.signature.misplaced",
            "a v6 signature in the tag for v4 ones, which rpm 4 cannot read",
        )
        .files(
            SUBJECT,
            one(parts().with(Tag::binary(tag::DSA, &v6)).build()),
        )
        .trusting(&["good-v6-ed25519"]),
    );
    cases.push(
        Case::rejected(
            FORMAT,
            "one-of-two-cut-short",
            "signature.malformed",
            "two signatures in OPENPGP, one of them damaged",
        )
        .files(
            SUBJECT,
            one(parts()
                .openpgp(&[packet, rsa[..rsa.len() - 9].to_vec()])
                .build()),
        )
        .trusting(&["good-ed25519", "good-rsa4096"]),
    );
    cases
}
