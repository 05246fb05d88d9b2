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
}

#[test]
fn files_that_are_refused() {
    for (text, why) in [
        ("", "name"),
        ("based-on = \"nobody\"\n", "no built-in client"),
        ("based-on = \"jammy\"\n", "based on another"),
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
