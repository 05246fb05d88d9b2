use super::*;

#[test]
fn every_built_in_client_can_be_read() {
    for name in Client::names() {
        let client = Client::named(name).unwrap();
        assert_eq!(client.name(), name);
        assert!(!client.summary().is_empty());
        assert!(!client.checked().is_empty());
    }
}

#[test]
fn a_client_nobody_knows() {
    let error = Client::named("rpm-3").unwrap_err();
    assert!(error.to_string().contains("rpm-4.18"), "{error}");
}

#[test]
fn a_file_may_change_a_built_in_one() {
    let text = "based-on = \"rpm-4.20\"\nname = \"ours\"\n[level]\ndefault = \"all\"\n";
    let client = Client::parse("ours", text).unwrap();
    assert_eq!(client.name(), "ours");
    assert_eq!(client.level(), Level::All);
    assert_eq!(client.rules.openpgp.parser, rules::Parser::Sequoia);
}

#[test]
fn files_that_are_refused() {
    for (text, why) in [
        ("", "name"),
        ("based-on = \"nobody\"\n", "no built-in client"),
        ("based-on = \"rpm-6\"\nnonsense = 1\n", "nonsense"),
        ("based-on = \"rpm-6\"\nprofile = \"lax\"\n", "lax"),
        (
            "based-on = \"rpm-6\"\n[level]\ndefault = \"some\"\n",
            "some",
        ),
        ("based-on = \"rpm-6\"\n[items]\ngeneration = 5\n", "5"),
        ("based-on = \"rpm-6\"\n[items]\noff = [\"md6\"]\n", "md6"),
        (
            "based-on = \"rpm-6\"\n[[cut-off]]\nfield = \"dsa\"\nwhat = \"\"\nday = \"2030-02-01\"\nexplain = \"\"\n",
            "names no table",
        ),
        (
            "based-on = \"rpm-6\"\n[[cut-off]]\nfield = \"public-key.dsa.accept\"\nwhat = \"\"\nday = \"soon\"\nexplain = \"\"\n",
            "soon",
        ),
        (
            "based-on = \"rpm-6\"\n[[cut-off]]\nfield = \"public-key.dsa.nonsense\"\nwhat = \"\"\nday = \"2030-02-01\"\nexplain = \"\"\n",
            "nonsense",
        ),
        ("= \n", "TOML"),
    ] {
        let error = Client::parse("x", text).unwrap_err().to_string();
        assert!(error.contains(why), "{text:?}: {error}");
    }
}

#[test]
fn a_policy_ends_on_its_day() {
    let day: Timestamp = "2030-02-01T00:00:00Z".parse().unwrap();
    let before: Timestamp = "2030-01-31T23:59:59Z".parse().unwrap();
    for (name, ends) in [("rpm-4.18", false), ("rpm-4.20", true), ("rpm-6", true)] {
        let client = Client::named(name).unwrap();
        let certificates = pkgseal_testkit::keys::certificates(&["dsa2048"]);
        let certificate = certificates.iter().next().unwrap();
        let live = |at| {
            let keys = certificate.keys(client.profile_at(at), at);
            keys[0].state == pkgseal_openpgp::KeyState::Live
        };
        assert_eq!((live(before), live(day)), (true, !ends), "{name}");
        assert_eq!(client.cut_offs().len(), usize::from(ends), "{name}");
    }
}
