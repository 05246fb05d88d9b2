//! Plans: read strictly, counted rightly, refused with reasons.

use jiff::{SignedDuration, Timestamp};
use pkgseal_repo::Severity;
use pkgseal_testkit::keys;

use super::*;

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn at(day: &str) -> Timestamp {
    keys::time(day)
}

fn party(name: &str) -> Party {
    let certificates = keys::certificates(&[name]);
    let certificate = certificates.iter().next().unwrap().clone();
    Party::of(certificate, None, at(keys::SIGNED)).unwrap()
}

fn plan(old: &str, new: &str) -> Plan {
    let place = |format, path: &str, clients: &[&str]| Repository {
        format,
        path: path.into(),
        url: None,
        clients: clients.iter().map(|name| (*name).to_owned()).collect(),
        packages: ResignPackages::Keep,
    };
    Plan {
        made: at(keys::SIGNED),
        window: DAY * 30,
        settle: DAY * 7,
        old: party(old),
        new: party(new),
        repositories: vec![
            place(Format::Apt, "/srv/apt", &["bookworm", "trixie"]),
            place(Format::Yum, "/srv/yum", &["el9"]),
        ],
        keyrings: vec![PublishedKeyring {
            path: "/srv/with \"quotes\" and \\.gpg".into(),
            keeps_old: false,
        }],
        done: Vec::new(),
    }
}

fn ordinary() -> Plan {
    plan("good-rsa4096", "good-ed25519")
}

/// With these steps done, one a day.
fn after(mut plan: Plan, steps: &[Step]) -> Plan {
    for (number, step) in steps.iter().enumerate() {
        let day = plan.made + DAY * i32::try_from(number).unwrap();
        plan.begin(*step, Vec::new(), None, day).unwrap();
        plan.end(day);
    }
    plan
}

fn sighting(holding: Holding, before: Answer, after: Answer) -> Sighting {
    Sighting {
        repository: "/srv/apt".to_owned(),
        client: "bookworm".to_owned(),
        holding,
        before,
        after,
        why: vec!["NO_PUBKEY".to_owned()],
        hint: None,
    }
}

fn refused(plan: &Plan, step: Step, now: Timestamp, sightings: &[Sighting]) -> Refused {
    let want = Want {
        step,
        now,
        acknowledged: &[],
    };
    refusals(plan, &want, sightings)
}

fn codes(refused: &Refused) -> Vec<&'static str> {
    let rejecting = |finding: &&pkgseal_repo::Finding| finding.severity == Severity::Reject;
    let mut codes: Vec<_> = refused
        .findings
        .iter()
        .filter(rejecting)
        .map(|finding| finding.code.id)
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[test]
fn a_plan_is_read_as_it_was_written() {
    let mut written = after(ordinary(), &[Step::Announce, Step::DualSign]);
    written.repositories[1].packages = ResignPackages::Resign;
    written.repositories[0].url = Some("https://example.org/debian".to_owned());
    written.done[1].stranded = vec!["trixie/old".to_owned()];
    written.done[1].pinned_until = Some(at("2025-03-09"));
    written
        .begin(Step::HandOver, Vec::new(), None, at("2025-04-09"))
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rotation.toml");
    written.save(&file).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(Plan::read(&text).unwrap(), written, "{text}");
    for name in ["good-v6-ed25519", "good-mldsa65", "primary-signs-rsa3072"] {
        let plan = plan("good-rsa4096", name);
        assert_eq!(Plan::read(&plan.text().unwrap()).unwrap(), plan, "{name}");
    }
}

#[test]
fn what_is_no_plan_is_refused() {
    let good = after(ordinary(), &[Step::Announce, Step::DualSign])
        .text()
        .unwrap();
    let old = keys::load("good-rsa4096").fingerprint();
    let subkey = keys::load("good-rsa4096").signing_fingerprint();
    let new = keys::load("good-ed25519").signing_fingerprint();
    let stranger = keys::load("stranger").fingerprint();
    for (from, to, field) in [
        ("version = 1", "version = 2", "version"),
        ("version = 1", "version = 1\nmore = 1", "syntax"),
        ("window = \"30d\"", "window = \"soon\"", "window"),
        ("window = \"30d\"", "window = \"4000d\"", "window"),
        ("window = \"30d\"\n", "", "syntax"),
        ("settle = \"7d\"", "settle = \"-7d\"", "settle"),
        (
            "made = \"2025-03-01T00:00:00Z\"",
            "made = \"yesterday\"",
            "made",
        ),
        ("format = \"apt\"", "format = \"npm\"", "repository.format"),
        (
            "path = \"/srv/apt\"",
            "path = \"srv/apt\"",
            "repository.path",
        ),
        (
            "path = \"/srv/apt\"",
            "path = \"/srv/\\u001b[2J\"",
            "repository.path",
        ),
        (
            "path = \"/srv/apt\"",
            "path = \"/srv/yum\"",
            "repository.path",
        ),
        ("clients = [\"el9\"]", "clients = []", "repository.clients"),
        (
            "clients = [\"el9\"]",
            "clients = [\"el9 \\n\"]",
            "repository.clients",
        ),
        (
            "clients = [\"el9\"]",
            "clients = [\"el9\"]\nurl = \"https://x y\"",
            "repository.url",
        ),
        (
            "format = \"apt\"",
            "format = \"apt\"\npackages = \"re-sign\"",
            "repository.packages",
        ),
        (
            "format = \"apt\"",
            "format = \"apt\"\npackages = \"burn\"",
            "repository.packages",
        ),
        ("step = \"dual-sign\"", "step = \"jump\"", "done.step"),
        (
            "step = \"dual-sign\"",
            "step = \"announce\"",
            "done.announce",
        ),
        ("ended = \"2025-03-01T00:00:00Z\"", "", "done.dual-sign"),
        (
            "begun = \"2025-03-02",
            "begun = \"2025-02-02",
            "done.dual-sign",
        ),
        (
            "ended = \"2025-03-02",
            "ended = \"2025-03-01",
            "done.dual-sign",
        ),
        (&*old, &*stranger, "old.certificate"),
        (&*old, "1234567890ABCDEF", "old.fingerprint"),
        (&*subkey, &*stranger, "old.signing-key"),
        (&*new, "", "new.signing-key"),
        (
            "-----BEGIN PGP PUBLIC KEY BLOCK-----",
            "",
            "old.certificate",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        let text = good.replacen(from, to, 1);
        match Plan::read(&text) {
            Err(crate::Error::Plan {
                field: found,
                reason,
            }) => {
                assert_eq!(found, field, "{from} → {to}: {reason}");
            }
            other => panic!("{from} → {to}: {other:?}"),
        }
    }
    // Cut anywhere, it is no other plan.
    for length in (0..good.len()).step_by(97) {
        if let Ok(plan) = Plan::read(&good[..length]) {
            assert!(plan.done.len() <= 2 && !plan.repositories.is_empty());
        }
    }
    assert!(matches!(Plan::read(""), Err(crate::Error::Plan { .. })));
}

#[test]
fn nothing_is_replaced_by_itself() {
    let same = plan("good-rsa4096", "good-rsa4096");
    assert!(same.check().is_err());
    assert!(Plan::read(&same.text().unwrap()).is_err());
    for name in ["expired", "revoked-hard", "not-signing", "young"] {
        let certificates = keys::certificates(&[name]);
        let certificate = certificates.iter().next().unwrap().clone();
        let found = Party::of(certificate, None, at("2025-07-15"));
        assert!(found.is_err(), "{name}");
    }
    let certificates = keys::certificates(&["good-rsa4096"]);
    let certificate = certificates.iter().next().unwrap().clone();
    let key = party("good-rsa4096").key;
    assert!(Party::of(certificate, Some(&key), at(keys::SIGNED)).is_err());
}

#[test]
fn steps_come_in_their_order() {
    let plan = ordinary();
    assert_eq!((plan.stage(), plan.next()), (None, Some(Step::Announce)));
    assert_eq!(plan.earliest(Step::HandOver), None);
    let plan = after(plan, &[Step::Announce, Step::DualSign]);
    assert_eq!(plan.next(), Some(Step::HandOver));
    assert_eq!(plan.earliest(Step::HandOver), Some(at("2025-03-31")));
    let plan = after(ordinary(), &Step::ALL);
    assert_eq!(plan.next(), None);
    assert_eq!(plan.earliest(Step::Drop), Some(at("2025-03-10")));
    let mut yum = ordinary();
    yum.repositories.remove(0);
    let yum = after(yum, &[Step::Announce]);
    assert_eq!(yum.next(), Some(Step::HandOver), "nothing to sign by both");
}

#[test]
fn an_interrupted_step_comes_before_any_other() {
    let mut plan = after(ordinary(), &[Step::Announce]);
    plan.begin(Step::DualSign, Vec::new(), None, at("2025-03-02"))
        .unwrap();
    assert_eq!(plan.next(), Some(Step::DualSign));
    assert_eq!(plan.stage(), Some(Step::Announce));
    // Again is harmless, another one is not; and nothing that was known is forgotten.
    plan.done[1].pinned_until = Some(at("2025-03-09"));
    let before = plan.clone();
    plan.begin(Step::DualSign, Vec::new(), None, at("2025-03-03"))
        .unwrap();
    assert_eq!(plan, before);
    assert!(
        plan.begin(Step::HandOver, Vec::new(), None, at("2025-05-01"))
            .is_err()
    );
    let found = refused(&plan, Step::HandOver, at("2025-05-01"), &[]);
    assert_eq!(codes(&found), ["rotate.order"]);
    plan.end(at("2025-03-03"));
    assert!(
        plan.begin(Step::Announce, Vec::new(), None, at("2025-03-04"))
            .is_err()
    );
    // A clock that went back.
    assert!(
        plan.begin(Step::HandOver, Vec::new(), None, at("2025-03-02"))
            .is_err()
    );
}

#[test]
fn who_is_still_there() {
    let (old, both, new) = (Holding::Old, Holding::Both, Holding::New);
    let plan = ordinary();
    let late = at("2040-01-01");
    assert_eq!(plan.counted(None, late), [old], "nobody has heard of it");
    assert_eq!(plan.counted(Some(Step::Announce), late), [old, both]);
    assert_eq!(plan.counted(Some(Step::HandOver), late), [old]);
    let plan = after(plan, &[Step::Announce, Step::DualSign]);
    assert_eq!(plan.counted(None, at("2025-03-30")), [old, both]);
    assert_eq!(plan.counted(None, at("2025-03-31")), [both]);
    let hand_over = Some(Step::HandOver);
    assert_eq!(plan.counted(hand_over, at("2025-03-30")), [old, both]);
    assert_eq!(plan.counted(hand_over, at("2025-03-31")), [both]);
    assert_eq!(
        plan.counted(Some(Step::Drop), at("2025-05-01")),
        [both, new]
    );
}

#[test]
fn who_signs_and_what_keyrings_hold() {
    let plan = ordinary();
    for (step, apt, yum, keyring) in [
        (None, Holding::Old, Holding::Old, Holding::Old),
        (
            Some(Step::Announce),
            Holding::Old,
            Holding::Old,
            Holding::Both,
        ),
        (
            Some(Step::DualSign),
            Holding::Both,
            Holding::Old,
            Holding::Both,
        ),
        (
            Some(Step::HandOver),
            Holding::New,
            Holding::New,
            Holding::Both,
        ),
        (Some(Step::Drop), Holding::New, Holding::New, Holding::New),
    ] {
        assert_eq!(plan.signing(step, Format::Apt), apt, "{step:?}");
        assert_eq!(plan.signing(step, Format::Yum), yum, "{step:?}");
        assert_eq!(plan.published(step), keyring, "{step:?}");
    }
    assert_eq!(plan.held(Holding::Both).len(), 2);
}

#[test]
fn a_counted_client_is_not_left_behind() {
    let plan = after(ordinary(), &[Step::Announce, Step::DualSign]);
    let left = [sighting(Holding::Old, Answer::Accepts, Answer::Rejects)];
    let early = refused(&plan, Step::HandOver, at("2025-03-30"), &left);
    assert!(!early.allows());
    assert_eq!(codes(&early), ["rotate.strands"]);
    let finding = &early.findings[0];
    assert!(
        finding
            .detail
            .contains("bookworm with the old keyring: NO_PUBKEY")
    );
    let hint = finding.hint.as_deref().unwrap();
    assert!(hint.contains("2025-03-31T00:00:00Z") && hint.contains("--strand bookworm/old"));
    // Once the window is over nobody is there who could be left behind.
    assert!(refused(&plan, Step::HandOver, at("2025-03-31"), &left).allows());
    // Whoever has both is counted for ever.
    let both = [sighting(Holding::Both, Answer::Accepts, Answer::Rejects)];
    let found = refused(&plan, Step::HandOver, at("2025-05-01"), &both);
    assert_eq!(codes(&found), ["rotate.strands"]);
}

#[test]
fn who_was_left_behind_before_stops_nothing() {
    let plan = ordinary();
    let left = [sighting(Holding::Old, Answer::Rejects, Answer::Rejects)];
    let found = refused(&plan, Step::Announce, plan.made, &left);
    assert!(found.allows());
    assert_eq!(found.findings[0].code.id, "rotate.stranded-before");
}

#[test]
fn clients_are_given_up_by_name_only() {
    let plan = after(ordinary(), &[Step::Announce, Step::DualSign]);
    let now = at("2025-03-30");
    let mut other = sighting(Holding::Old, Answer::Accepts, Answer::Rejects);
    other.client = "trixie".to_owned();
    let left = [
        sighting(Holding::Old, Answer::Accepts, Answer::Rejects),
        other,
    ];
    let ask = |names: &[&str]| {
        let acknowledged: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let want = Want {
            step: Step::HandOver,
            now,
            acknowledged: &acknowledged,
        };
        refusals(&plan, &want, &left)
    };
    for names in [
        &[][..],
        &["bookworm/old"],
        &["bookworm", "trixie"],
        &["*/old"],
        &["bookworm/both", "trixie/old"],
    ] {
        assert!(!ask(names).allows(), "{names:?}");
    }
    let both = ask(&["bookworm/old", "trixie/old"]);
    assert!(both.allows() && both.unneeded.is_empty());
    assert_eq!(both.stranded, ["bookworm/old", "trixie/old"]);
    let more = ask(&["bookworm/old", "trixie/old", "noble/old"]);
    assert_eq!(more.unneeded, ["noble/old"]);
}

#[test]
fn steps_left_out_taken_back_or_before_their_time() {
    let plan = ordinary();
    let found = refused(&plan, Step::Drop, at("2025-05-01"), &[]);
    assert_eq!(codes(&found), ["rotate.order"], "nothing was handed over");
    let found = refused(&plan, Step::HandOver, at("2025-05-01"), &[]);
    let said = found
        .findings
        .iter()
        .any(|finding| finding.detail.contains("announce and dual-sign"));
    assert!(said, "{found:?}");
    let plan = after(plan, &[Step::Announce, Step::DualSign, Step::HandOver]);
    let found = refused(&plan, Step::DualSign, at("2025-05-01"), &[]);
    assert_eq!(codes(&found), ["rotate.order"]);
    let found = refused(&plan, Step::Drop, at("2025-03-09"), &[]);
    assert_eq!(codes(&found), ["rotate.too-early"]);
    assert!(refused(&plan, Step::Drop, at("2025-03-10"), &[]).allows());
    let mut pinned = after(ordinary(), &[Step::Announce, Step::DualSign]);
    pinned.done[1].pinned_until = Some(at("2025-04-10"));
    assert_eq!(pinned.earliest(Step::HandOver), Some(at("2025-04-10")));
    let found = refused(&pinned, Step::HandOver, at("2025-04-09"), &[]);
    assert_eq!(codes(&found), ["rotate.too-early"]);
    assert!(refused(&pinned, Step::HandOver, at("2025-04-10"), &[]).allows());
}

#[test]
fn keys_have_to_live_long_enough() {
    // It expires on 2025-06-01.
    let mut plan = plan("expired", "good-ed25519");
    for (days, code) in [(30, &[][..]), (91, &[]), (93, &["rotate.expires-too-soon"])] {
        plan.window = DAY * days;
        let found = refused(&plan, Step::Announce, plan.made, &[]);
        assert_eq!(codes(&found), code, "{days}");
    }
    let found = refused(&plan, Step::Announce, plan.made, &[]);
    assert!(
        found.findings[0]
            .hint
            .as_deref()
            .unwrap()
            .contains("--window 92d"),
        "{found:?}"
    );
    // Once the new one signs alone nobody needs the old one alive.
    let plan = after(plan, &[Step::Announce, Step::DualSign]);
    assert!(refused(&plan, Step::HandOver, at("2025-07-01"), &[]).allows());

    let mut plan = self::plan("good-ed25519", "expired");
    let found = refused(&plan, Step::Announce, plan.made, &[]);
    assert!(found.allows());
    assert!(
        found
            .findings
            .iter()
            .any(|finding| finding.detail.contains("less than a year"))
    );
    plan.window = DAY * 90;
    let found = refused(&plan, Step::Announce, plan.made, &[]);
    assert_eq!(codes(&found), ["rotate.expires-too-soon"]);
}

#[test]
fn a_statement_names_both_in_full() {
    let plan = ordinary();
    let text = statement(&plan, plan.made);
    for fingerprint in [&plan.old, &plan.new].map(|party| party.certificate.fingerprint()) {
        assert!(text.contains(fingerprint.as_str()), "{text}");
    }
    assert!(text.contains("2025-03-31T00:00:00Z"), "{text}");
    assert!(
        text.lines()
            .all(|line| line.trim_end() == line && line.is_ascii())
    );
}

#[test]
fn what_happens_is_said_for_each_format() {
    let mut plan = ordinary();
    let all = |plan: &Plan| {
        let lines = plan.itinerary().into_iter();
        lines
            .map(|(step, text)| format!("{step}: {text}"))
            .collect::<Vec<_>>()
    };
    let said = |lines: &[String], words: &str| lines.iter().any(|line| line.contains(words));
    let lines = all(&plan);
    assert!(
        said(&lines, "dual-sign: apt: ") && said(&lines, "the old one first"),
        "{lines:?}"
    );
    assert!(
        said(&lines, "hand-over: 30d after") && said(&lines, "signed anew before"),
        "{lines:?}"
    );
    let text = plan.text().unwrap();
    assert!(
        lines
            .iter()
            .all(|line| text.contains(&format!("# {line}\n"))),
        "{text}"
    );
    plan.repositories.remove(0);
    plan.repositories[0].packages = ResignPackages::Resign;
    let lines = all(&plan);
    assert!(
        !said(&lines, "dual-sign") && !said(&lines, "signed anew before"),
        "{lines:?}"
    );
    let six = self::plan("good-rsa4096", "good-v6-ed25519");
    assert!(said(&all(&six), "version 4 before version 6"));
}

#[test]
fn what_a_step_would_do_today_is_a_note() {
    let plan = after(ordinary(), &[Step::Announce, Step::DualSign]);
    let note = would_strand(&plan, Step::HandOver, &["bookworm/old".to_owned()]);
    assert_eq!(note.severity, Severity::Note);
    assert!(note.hint.unwrap().contains("2025-03-31"));
    let today = |plan: &Plan| {
        stranded_today(
            plan,
            "/srv/apt",
            "bookworm",
            Holding::Old,
            &["NO_PUBKEY".to_owned()],
        )
    };
    assert_eq!(today(&plan).severity, Severity::Reject);
    let mut given_up = plan;
    given_up.done[1].stranded = vec!["bookworm/old".to_owned()];
    assert_eq!(today(&given_up).severity, Severity::Warning);
}
