//! In which form the certificates lie at the client, and which of them are asked for.

use pkgseal_testkit::keys;

use crate::agreement::case::{Case, KeyFile, signed_then, text};

pub(crate) fn cases() -> Vec<Case> {
    let text = text();
    let (good, other) = (keys::load("good"), keys::load("good-rsa4096"));
    let armored = good.certificate().to_vec();
    let armored_text = String::from_utf8(armored.clone()).unwrap();
    let binary = good.certificate_binary();
    let two = [good.certificate(), other.certificate()].concat();
    let v6 = keys::load("good-v6-ed25519");
    let named = |extension, bytes: &[u8]| KeyFile::Named(extension, Some(bytes.to_vec()));
    let mut keybox = vec![0, 0, 0, 32, 1, 1, 0, 2];
    keybox.extend(b"KBXf");
    keybox.extend([0; 20]);
    let files: Vec<(&str, KeyFile)> = vec![
        ("binary .gpg", named("gpg", &binary)),
        ("armored .gpg", named("gpg", &armored)),
        ("armored .asc", named("asc", &armored)),
        ("binary .asc", named("asc", &binary)),
        (
            "armored .asc with CRLF",
            named("asc", armored_text.replace('\n', "\r\n").as_bytes()),
        ),
        (
            "armored .asc with text around",
            named("asc", format!("hello\n\n{armored_text}\nbye\n").as_bytes()),
        ),
        (
            "armored .asc with a comment",
            named(
                "asc",
                armored_text.replacen('\n', "\nComment: x\n", 1).as_bytes(),
            ),
        ),
        (
            "armored .asc without its end line",
            named(
                "asc",
                armored_text
                    .replace("-----END PGP PUBLIC KEY BLOCK-----\n", "")
                    .as_bytes(),
            ),
        ),
        ("armored .asc, two blocks, ours first", named("asc", &two)),
        (
            "armored .asc, two blocks, ours second",
            named("asc", &[other.certificate(), good.certificate()].concat()),
        ),
        (
            "armored .asc without an empty line",
            named("asc", armored_text.replacen("\n\n", "\n", 1).as_bytes()),
        ),
        ("a keybox", named("gpg", &keybox)),
        ("another extension", named("key", &binary)),
        ("an empty .gpg", named("gpg", b"")),
        ("an empty .asc", named("asc", b"")),
        ("nothing", KeyFile::Named("gpg", None)),
        (
            "a v6 certificate before ours",
            named("gpg", &[v6.certificate_binary(), binary.clone()].concat()),
        ),
        (
            "a v6 certificate after ours",
            named("gpg", &[binary.clone(), v6.certificate_binary()].concat()),
        ),
        (
            "ours, another, a v6 certificate",
            named(
                "gpg",
                &[
                    binary.clone(),
                    other.certificate_binary(),
                    v6.certificate_binary(),
                ]
                .concat(),
            ),
        ),
        (
            "another, ours, a v6 certificate",
            named(
                "gpg",
                &[
                    other.certificate_binary(),
                    binary.clone(),
                    v6.certificate_binary(),
                ]
                .concat(),
            ),
        ),
        (
            "garbage after ours",
            named("gpg", &[binary.clone(), b"hello".to_vec()].concat()),
        ),
        ("a secret key", named("asc", good.secret())),
        ("inline", KeyFile::Inline(armored.clone())),
        ("inline, two blocks", KeyFile::Inline(two)),
        (
            "inline, another's",
            KeyFile::Inline(other.certificate().to_vec()),
        ),
    ];
    let mut cases: Vec<_> = files
        .into_iter()
        .map(|(name, key_file)| {
            Case::new("key files", format!("key file: {name}"), &["good"])
                .inline(&[(&good, signed_then())], &text)
                .key_file(key_file)
        })
        .collect();
    let (primary, subkey) = (good.fingerprint(), good.signing_fingerprint());
    let another = other.fingerprint();
    let pins: Vec<(&str, Vec<String>)> = vec![
        ("the certificate", vec![primary.clone()]),
        (
            "the certificate in small letters",
            vec![primary.to_lowercase()],
        ),
        ("the subkey", vec![subkey.clone()]),
        ("the subkey exactly", vec![format!("{subkey}!")]),
        ("the certificate exactly", vec![format!("{primary}!")]),
        ("another", vec![another.clone()]),
        ("another, or ours", vec![another, primary.clone()]),
        ("a key ID", vec![primary[24..].to_owned()]),
        (
            "a v6 fingerprint",
            vec![keys::load("good-v6-ed25519").fingerprint()],
        ),
        (
            "spaces in a fingerprint",
            vec![format!("{} {}", &primary[..20], &primary[20..])],
        ),
    ];
    for (name, pins) in pins {
        let case = Case::new(
            "key files",
            format!("Signed-By names {name}"),
            &["good", "good-rsa4096"],
        )
        .inline(&[(&good, signed_then())], &text)
        .pins(&pins);
        let refused = ["a key ID", "a v6 fingerprint", "spaces in a fingerprint"];
        cases.push(if refused.contains(&name) {
            case.alone()
        } else {
            case
        });
    }
    let single = keys::load("primary-signs");
    for (name, pin) in [
        ("the certificate", single.fingerprint()),
        (
            "the certificate exactly",
            format!("{}!", single.fingerprint()),
        ),
    ] {
        cases.push(
            Case::new(
                "key files",
                format!("a key alone, Signed-By names {name}"),
                &["primary-signs"],
            )
            .inline(&[(&single, signed_then())], &text)
            .pins(&[pin]),
        );
    }
    cases
}
