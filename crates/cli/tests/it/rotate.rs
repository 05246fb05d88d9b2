//! `pkgseal key rotate`: steps in their order are done, those that strand somebody are not.

mod interrupted;
mod package;
mod refusals;
pub(crate) mod rotation;
mod yum;

use std::fs;

use pkgseal_testkit::keys;

use rotation::{Rotation, WINDOW, content, refused};

#[test]
fn an_apt_repository_goes_through_every_step() {
    let rotation = Rotation::new("good-rsa4096", "good-ed25519");
    let root = rotation.apt("apt", rotation.old, &[]);
    let keyring = rotation.path("example.gpg");
    fs::write(&keyring, keys::keyring(&[rotation.old, "stranger"])).unwrap();
    let published = ["--published", keyring.to_str().unwrap()];
    let at = format!("{}=https://example.org/debian", root.display());
    let url = ["--url", &at];
    let run = rotation.plan(&[WINDOW, &published[..], &url[..]].concat(), &[&root]);
    assert!(run.expect(0).stdout.contains("next: announce"));
    let both = rotation.both();
    let found = |name: &str| {
        let (certificates, _) =
            pkgseal_openpgp::Certificate::parse_all(&fs::read(&keyring).unwrap());
        let wanted = keys::load(name).fingerprint();
        certificates
            .iter()
            .any(|one| one.fingerprint().as_str() == wanted)
    };
    let inrelease = || fs::read(root.join("dists/stable/InRelease")).unwrap();
    let before = inrelease();

    rotation.step("2025-03-03", &both, &[]).expect(0);
    assert_eq!(inrelease(), before, "announcing signs nothing");
    assert!(found(rotation.old) && found(rotation.new) && found("stranger"));
    let folder = rotation.path("rotation.d");
    let statement = fs::read(folder.join("transition.txt.asc")).unwrap();
    for name in both {
        let verifier = pkgseal_openpgp::Verifier::new(
            keys::certificates(&[name]),
            pkgseal_openpgp::Profile::strict(),
            keys::time("2025-03-04"),
        );
        let judged = verifier.cleartext(pkgseal_openpgp::Object::Artifact, &statement);
        assert!(judged.accept().0.is_some(), "{name}");
    }
    let announcement = fs::read_to_string(folder.join("ANNOUNCEMENT.md")).unwrap();
    assert!(announcement.contains("**2025-06-01**"), "{announcement}");
    assert!(announcement.contains("https://example.org/debian"));
    let entry = fs::read_to_string(folder.join("apt.sources")).unwrap();
    assert_eq!(
        entry.matches("BEGIN PGP PUBLIC KEY BLOCK").count(),
        2,
        "{entry}"
    );
    let check = std::process::Command::new("sh")
        .arg("-n")
        .arg(folder.join("check.sh"))
        .status();
    assert!(check.unwrap().success());

    rotation.step("2025-03-04", &both, &[]).expect(0);
    let status = rotation.status("2025-03-05").expect(0);
    status.prints("signed by old and new");
    status.prints("hand-over, not before 2025-06-01");

    let signed = inrelease();
    let early = rotation.step("2025-05-31", &[rotation.new], &[]);
    refused(
        &early,
        &[
            "[rotate.strands]",
            "bookworm with the old keyring",
            "--strand bookworm/old",
            "2025-06-01T00:00:00Z",
        ],
    );
    assert_eq!(inrelease(), signed);
    rotation.step("2025-06-01", &[rotation.new], &[]).expect(0);
    let status = rotation.status("2025-06-02").expect(0);
    status.prints("dists/stable is signed by new");
    assert!(found(rotation.old));

    refused(
        &rotation.step("2025-06-14", &[], &[]),
        &["[rotate.too-early]", "mirrors/new"],
    );
    assert!(found(rotation.old));
    rotation.step("2025-06-15", &[], &[]).expect(0);
    assert!(!found(rotation.old) && found(rotation.new) && found("stranger"));
    rotation.status("2025-06-16").expect(0);
    let done = rotation.step("2025-06-17", &[], &[]).expect(0);
    done.prints("every step is done");
}

#[test]
fn an_emergency_names_whom_it_leaves_behind() {
    let rotation = Rotation::new("good-rsa4096", "good-ed25519");
    let root = rotation.apt("apt", rotation.old, &[]);
    let clients = ["--client", "bookworm", "--client", "trixie"];
    rotation.plan(&clients, &[&root]).expect(0);
    rotation.step("2025-03-03", &rotation.both(), &[]).expect(0);
    let now = |strand: &[&str]| {
        let options = [&["--step", "hand-over"], strand].concat();
        rotation.step("2025-03-04", &[rotation.new], &options)
    };
    refused(
        &now(&["--strand", "bookworm/old"]),
        &["trixie with the old keyring"],
    );
    let both = ["--strand", "bookworm/old", "--strand", "trixie/old"];
    let run = now(&both).expect(0);
    run.prints("[rotate.stranded-knowingly]");
    let text = fs::read_to_string(rotation.file()).unwrap();
    assert!(
        text.contains("stranded = [\"bookworm/old\", \"trixie/old\"]"),
        "{text}"
    );
    let status = rotation.status("2025-03-05").expect(0);
    status.prints("gave up bookworm/old");
}

#[test]
fn what_the_release_says_of_its_signers_follows() {
    let rotation = Rotation::new("good-rsa4096", "good-ed25519");
    let old = keys::load(rotation.old).fingerprint();
    let options = ["--valid-for", "30d", "--signed-by", &old];
    let root = rotation.apt("apt", rotation.old, &options);
    rotation
        .plan(&["--window", "1d", "--settle", "0s"], &[&root])
        .expect(0);
    let both = rotation.both();
    rotation.step("2025-03-03", &both, &[]).expect(0);
    // Whoever goes by the Release would refuse the new key.
    let run = rotation.step("2025-03-05", &[rotation.new], &["--step", "hand-over"]);
    refused(&run, &["where the Release before is remembered"]);
    rotation.step("2025-03-05", &both, &[]).expect(0);
    let release = || fs::read_to_string(root.join("dists/stable/Release")).unwrap();
    let new = keys::load(rotation.new).fingerprint();
    assert!(
        release().contains(&format!("Signed-By: {old}, {new}\n")),
        "{}",
        release()
    );
    let run = rotation.step("2025-03-20", &[rotation.new], &[]);
    refused(&run, &["pinned/both", "2025-03-31"]);
    rotation.step("2025-03-31", &[rotation.new], &[]).expect(0);
    assert!(
        release().contains(&format!("Signed-By: {new}\n")),
        "{}",
        release()
    );
}

#[test]
fn a_signing_subkey_is_replaced() {
    let rotation = Rotation::of_subkey("good-rsa4096", "later/good-rsa4096");
    let root = rotation.apt("apt", rotation.old, &[]);
    let run = rotation.planned(&[], &[&root]);
    run.prints("replaces a signing subkey");
    let both = rotation.both();
    rotation.step("2025-03-03", &both, &[]).expect(0);
    rotation.step("2025-03-04", &both, &[]).expect(0);
    let status = rotation.status("2025-03-05").expect(0);
    status.prints("signed by old and new");
    status.prints("today it would leave behind bookworm/old");
    refused(
        &rotation.step("2025-05-01", &[rotation.new], &[]),
        &["trixie with the old keyring"],
    );
    rotation.to_the_end();
}

#[test]
fn maven_releases_are_never_signed_anew() {
    let rotation = Rotation::new("good-rsa4096", "good-ed25519");
    let root = rotation.maven("maven", rotation.old);
    let list = rotation.path("KEYS");
    fs::write(&list, keys::load(rotation.old).certificate()).unwrap();
    let published = ["--published", list.to_str().unwrap()];
    rotation.planned(&published, &[&root]);
    let before = content(&root);
    let has = |name: &str| {
        let text = fs::read_to_string(&list).unwrap();
        text.contains(&format!("pub   {}", keys::load(name).fingerprint()))
    };
    rotation.step("2025-03-03", &rotation.both(), &[]).expect(0);
    assert!(has(rotation.old) && has(rotation.new));
    let early = rotation.step("2025-05-01", &[rotation.new], &[]);
    refused(&early, &["releases to come", "gradle with the old keyring"]);
    rotation.step("2025-06-01", &[rotation.new], &[]).expect(0);
    rotation.step("2025-06-15", &[], &[]).expect(0);
    assert!(
        has(rotation.old) && has(rotation.new),
        "old releases stay verifiable"
    );
    assert!(content(&root) == before);
    rotation.status("2025-06-16").expect(0);
    let announcement = rotation.path("rotation.d/ANNOUNCEMENT.md");
    let announcement = fs::read_to_string(announcement).unwrap();
    assert!(announcement.contains("<trusted-key id="), "{announcement}");
}
