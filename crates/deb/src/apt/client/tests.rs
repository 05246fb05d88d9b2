use super::*;

#[test]
fn every_client_can_be_read() {
    for name in Client::names() {
        let client = Client::named(name).unwrap();
        assert_eq!(client.name(), name);
        assert!(!client.summary().is_empty());
        assert!(!client.checked().is_empty());
        for policy in [
            openpgp::Policy::At(Timestamp::UNIX_EPOCH),
            openpgp::Policy::Next(Timestamp::MAX),
        ] {
            openpgp::profile(&client.rules, policy).unwrap();
        }
    }
}

#[test]
fn a_client_nobody_knows() {
    let error = Client::named("buster").unwrap_err();
    assert!(error.to_string().contains("bookworm"), "{error}");
}

#[test]
fn a_file_may_change_a_built_in_one() {
    let text = "based-on = \"trixie\"\nname = \"ours\"\n\n[release]\nmax-valid-seconds = 60\n";
    let client = Client::parse("ours", text).unwrap();
    assert_eq!(client.name(), "ours");
    assert_eq!(client.rules.release.max_valid_seconds, 60);
    assert_eq!(client.rules.release.max_future_seconds, 10);
    let jammy = Client::parse("ours", "based-on = \"jammy\"\nname = \"ours\"\n").unwrap();
    let summary = Client::named("jammy").unwrap().summary().to_owned();
    assert_eq!(jammy.summary(), summary);
}

#[test]
fn files_that_are_refused() {
    for (text, why) in [
        ("", "name"),
        ("based-on = \"nobody\"\n", "no built-in client"),
        ("based-on = \"trixie\"\nnonsense = 1\n", "nonsense"),
        ("based-on = \"trixie\"\nprogram = \"gpg\"\n", "program"),
        (
            "based-on = \"trixie\"\n[signature]\nv3 = \"soon\"\n",
            "soon",
        ),
        ("based-on = \"trixie\"\n[signature]\nv3 = 3\n", "v3"),
        ("= \n", "TOML"),
    ] {
        let error = Client::parse("x", text).unwrap_err().to_string();
        assert!(error.contains(why), "{text:?}: {error}");
    }
}

/// A signed root and its certificate.
fn signed() -> (Vec<u8>, Keys) {
    use pkgseal_testkit::keys;
    let key = keys::load("good");
    let text = "Suite: stable\nDate: Sat, 01 Mar 2025 00:00:00 UTC\nSHA256:\n \
         e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 Packages\n";
    let message = keys::raw_clearsign(&[(&key, keys::RawOptions::at(keys::SIGNED))], text);
    let file = KeyFile {
        name: "key.gpg".to_owned(),
        content: Some(key.certificate_binary()),
    };
    (message, Keys::files(vec![file]))
}

fn answers(inrelease: &[u8], keys: &Keys) -> Vec<Answer> {
    let question = Question {
        inrelease: Some(inrelease),
        release: None,
        signature: None,
        suite: Some("stable"),
        keys,
        now: pkgseal_testkit::keys::time(pkgseal_testkit::keys::NOW),
    };
    ["bookworm", "trixie"]
        .map(|name| Client::named(name).unwrap().judge(&question).answer)
        .to_vec()
}

#[test]
fn a_good_root_is_accepted() {
    let (message, keys) = signed();
    assert_eq!(answers(&message, &keys), [Answer::Accepts, Answer::Accepts]);
}

/// No client takes a part of a root, and no model of one panics.
#[test]
fn cut_roots_are_rejected() {
    let (message, keys) = signed();
    for cut in pkgseal_testkit::tamper::cuts(&message) {
        // The armor is whole without its last line end.
        let expected = if cut.len() + 1 == message.len() {
            Answer::Accepts
        } else {
            Answer::Rejects
        };
        assert_eq!(answers(cut, &keys), [expected, expected], "{}", cut.len());
    }
}

/// What a flipped bit leaves acceptable is not the text.
#[test]
fn changed_texts_are_rejected() {
    let (message, keys) = signed();
    let begin = message
        .windows(7)
        .position(|seven| seven == b"Suite: ")
        .unwrap();
    let end = message
        .windows(11)
        .position(|part| part == b"\n-----BEGIN")
        .unwrap();
    for (at, damaged) in pkgseal_testkit::tamper::flips(&message) {
        let answers = answers(&damaged, &keys);
        // A line end that becomes a blank or the like joins two lines of the text.
        if (begin..end).contains(&at) {
            assert_eq!(answers, [Answer::Rejects, Answer::Rejects], "byte {at}");
        }
    }
}

#[test]
fn damaged_key_files_are_no_keys() {
    let (message, _) = signed();
    let whole = pkgseal_testkit::keys::load("good").certificate_binary();
    for cut in pkgseal_testkit::tamper::cuts(&whole).step_by(7) {
        let file = |name: &str| KeyFile {
            name: name.to_owned(),
            content: Some(cut.to_vec()),
        };
        for name in ["key.gpg", "key.asc", "key"] {
            let keys = Keys::files(vec![file(name)]);
            assert_eq!(answers(&message, &keys), [Answer::Rejects, Answer::Rejects]);
        }
    }
    for (_, damaged) in pkgseal_testkit::tamper::flips(&whole).step_by(11) {
        answers(&message, &Keys::inline(damaged));
    }
}

#[test]
fn roots_that_are_too_large() {
    let (_, keys) = signed();
    let large = vec![b'x'; MOST_BYTES + 1];
    assert_eq!(answers(&large, &keys), [Answer::Rejects, Answer::Rejects]);
}
