//! What a well signed Release says.

use pkgseal_testkit::keys;

use crate::agreement::case::{Case, PACKAGES, line, signed_then, text, with};

pub(crate) fn cases() -> Vec<Case> {
    let good = keys::load("good");
    let signers = [(&good, signed_then())];
    let text = text();
    let sha256 = line("SHA256");
    let list = |name: &str| format!("{name}:\n{}", line(name));
    let head = text.split("SHA256:").next().unwrap().to_owned();
    let replaced = |from: &str, to: &str| {
        assert!(text.contains(from), "{from:?}");
        text.replacen(from, to, 1)
    };
    let one = sha256.lines().next().unwrap().to_owned() + "\n";
    let hex = one.split_whitespace().next().unwrap().to_owned();
    let size = PACKAGES.len();
    let texts: Vec<(&str, String)> = vec![
        (
            "all four lists",
            format!(
                "{head}{}{}{}{}",
                list("MD5Sum"),
                list("SHA1"),
                list("SHA256"),
                list("SHA512")
            ),
        ),
        ("SHA512 only", format!("{head}{}", list("SHA512"))),
        ("MD5Sum only", format!("{head}{}", list("MD5Sum"))),
        ("SHA1 only", format!("{head}{}", list("SHA1"))),
        (
            "MD5Sum and SHA1 only",
            format!("{head}{}{}", list("MD5Sum"), list("SHA1")),
        ),
        ("no lists", head.clone()),
        ("an empty list", format!("{head}SHA256:\n")),
        (
            "an empty SHA256 beside SHA512",
            format!("{head}SHA256:\n{}", list("SHA512")),
        ),
        ("sha256 in small letters", replaced("SHA256:", "sha256:")),
        ("a digest in capitals", replaced(&hex, &hex.to_uppercase())),
        ("a digest too short", replaced(&hex, &hex[2..])),
        ("a digest of one digit", replaced(&hex, "a")),
        ("a digest that is none", replaced(&hex, &"z".repeat(64))),
        (
            "a line without a path",
            replaced(&sha256, &format!("{sha256} {hex} {size}\n")),
        ),
        (
            "a line of a digest alone",
            replaced(&sha256, &format!("{sha256} {hex}\n")),
        ),
        (
            "a line of four words",
            replaced(&sha256, &format!("{sha256} {hex} {size} a b\n")),
        ),
        (
            "a size that is no number",
            replaced(&sha256, &format!("{sha256} {hex} x a\n")),
        ),
        (
            "a negative size",
            replaced(&sha256, &format!("{sha256} {hex} -1 a\n")),
        ),
        (
            "a huge size",
            replaced(
                &sha256,
                &format!("{sha256} {hex} 99999999999999999999999 a\n"),
            ),
        ),
        (
            "tabs in a line",
            replaced(
                &one,
                &one.trim_start()
                    .replace(' ', "\t")
                    .replacen(&hex, &format!("\t{hex}"), 1),
            ),
        ),
        (
            "text beside the list's name",
            replaced("SHA256:\n", "SHA256: x\n"),
        ),
        (
            "a line beside the list's name",
            replaced("SHA256:\n ", "SHA256: "),
        ),
        (
            "a path that climbs",
            replaced(&sha256, &format!("{sha256} {hex} 1 ../../etc/passwd\n")),
        ),
        (
            "an absolute path",
            replaced(&sha256, &format!("{sha256} {hex} 1 /etc/passwd\n")),
        ),
        (
            "a path twice, alike",
            replaced(&sha256, &format!("{sha256}{sha256}")),
        ),
        (
            "a path twice, another digest behind",
            replaced(
                &sha256,
                &format!("{sha256}{}", sha256.replace(&hex, &"0".repeat(64))),
            ),
        ),
        (
            "other sizes in another list",
            format!(
                "{text}{}",
                list("SHA512").replace(&format!(" {size} "), " 9 ")
            ),
        ),
        (
            "it lists itself",
            replaced(
                &sha256,
                &format!("{sha256} {hex} 1 Release\n {hex} 1 InRelease\n"),
            ),
        ),
        ("a second field of another value", with("Suite: evil\n", "")),
        ("a second list", format!("{text}{}", list("SHA256"))),
        ("a second, empty list", format!("{text}SHA256:\n")),
        ("a second, malformed list", format!("{text}SHA256:\n x\n")),
        ("a field in other letters", with("suite: evil\n", "")),
        ("an empty line behind", format!("{text}\n")),
        ("two empty lines behind", format!("{text}\n\n")),
        (
            "an empty line before the lists",
            replaced("SHA256:", "\nSHA256:"),
        ),
        ("an empty line in front", format!("\n{text}")),
        (
            "a line of blanks in the middle",
            replaced("Architectures", " \nArchitectures"),
        ),
        ("a second paragraph", format!("{text}\nSuite: evil\n")),
        ("a comment", with("# nothing\n", "")),
        ("a line that is no field", with("nonsense\n", "")),
        ("a blank before the colon", replaced("Suite:", "Suite :")),
        (
            "a long line",
            with(&format!("Description: {}\n", "x".repeat(70_000)), ""),
        ),
        (
            "another suite and codename",
            text.replace("stable", "testing"),
        ),
        (
            "another suite",
            text.replacen("Suite: stable", "Suite: testing", 1),
        ),
        (
            "neither suite nor codename",
            text.replace("Suite: stable\nCodename: stable\n", ""),
        ),
        (
            "other architectures",
            replaced("Architectures: amd64", "Architectures: arm64"),
        ),
        (
            "other components",
            replaced("Components: main", "Components: contrib"),
        ),
        (
            "no architectures, no components",
            replaced("Architectures: amd64\nComponents: main\n", ""),
        ),
        (
            "Signed-By, and no Valid-Until",
            with(&format!("Signed-By: {}\n", good.fingerprint()), ""),
        ),
        (
            "Signed-By that is no fingerprint",
            with("Signed-By: nobody\n", ""),
        ),
        (
            "Signed-By of another",
            with(
                &format!(
                    "Signed-By: {}\nValid-Until: Wed, 01 Oct 2025 00:00:00 UTC\n",
                    "A".repeat(40)
                ),
                "",
            ),
        ),
        ("Latin-1", with("Description: caf\u{e9}\n", "")),
    ];
    let of = |name: String| Case::new("content", name, &["good"]);
    let mut cases = Vec::new();
    for (name, text) in texts {
        // Where lines begin and end matters more in a clearsigned message.
        if name.contains("line") || name.contains("paragraph") {
            cases.push(of(format!("text of InRelease: {name}")).inline(&signers, &text));
        }
        cases.push(of(format!("text of Release: {name}")).detached(&signers, &text));
    }
    cases
}
