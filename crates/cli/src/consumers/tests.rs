use std::sync::Arc;

use jiff::Timestamp;
use pkgseal_keyring::consumer::{Answer, Consumer};
use pkgseal_openpgp::Certificate;
use pkgseal_testkit::keys;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn certificate(name: &str) -> Certificate {
    let key = keys::load(name);
    let (certificates, errors) = Certificate::parse_all(key.certificate());
    assert!(errors.is_empty());
    certificates.into_iter().next().unwrap()
}

fn answers(name: &str, now: &str) -> Vec<(String, Answer)> {
    let certificate = certificate(name);
    all()
        .iter()
        .map(|one| {
            let judged = one.judge(&certificate, at(now));
            (one.name().to_owned(), judged.whole.answer)
        })
        .collect()
}

fn all() -> Vec<Arc<dyn Consumer>> {
    named(&["all".to_owned()]).unwrap()
}

#[test]
fn everybody_has_a_name_of_their_own_and_says_how_it_was_checked() {
    let all = all();
    let mut names: Vec<_> = all.iter().map(|one| one.name().to_owned()).collect();
    assert_eq!(names, super::names().collect::<Vec<_>>());
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all.len());
    for one in &all {
        assert!(!one.summary().is_empty() && !one.checked().is_empty());
    }
    assert!(
        USUAL
            .iter()
            .all(|name| super::names().any(|known| known == *name))
    );
}

#[test]
fn who_is_not_known_is_refused() {
    for name in ["", "wheezy", "rpm", "dnf", "RPM-6", "trixie "] {
        assert!(one(name).is_err(), "{name}");
        assert!(
            named(&["trixie".to_owned(), name.to_owned()]).is_err(),
            "{name}"
        );
    }
}

#[test]
fn a_good_certificate_is_good_to_everybody() {
    for (name, answer) in answers("good-rsa4096", "2025-06-01T00:00:00Z") {
        assert!(answer.counts(), "{name}: {answer:?}");
    }
}
