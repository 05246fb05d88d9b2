//! Repositories of yum: one signature at a time, packages signed anew, certificates that are
//! never updated.

use std::fs;
use std::path::PathBuf;

use pkgseal_testkit::keys;

use super::rotation::{Rotation, content, refused};

#[test]
fn a_yum_repository_is_signed_by_one_key_at_a_time() {
    let rotation = Rotation::new("good-rsa4096", "good-rsa2048");
    let root = rotation.yum("yum", rotation.old);
    let clients = ["--client", "rpm-4.18", "--client", "dnf-el9"];
    rotation.planned(&clients, &[&root]);
    let key = root.join("repodata/repomd.xml.key");
    let blocks = || {
        let text = fs::read_to_string(&key).unwrap();
        text.matches("BEGIN PGP PUBLIC KEY BLOCK").count()
    };
    rotation.step("2025-03-03", &rotation.both(), &[]).expect(0);
    assert_eq!(blocks(), 2);
    let status = rotation.status("2025-03-04").expect(0);
    status.prints("next: hand-over, not before 2025-06-01");
    let early = rotation.step("2025-05-01", &[rotation.new], &[]);
    refused(
        &early,
        &[
            "dnf-el9 with the old keyring",
            "gpgkey=",
            "packages to come",
        ],
    );
    rotation.step("2025-06-01", &[rotation.new], &[]).expect(0);
    assert_eq!(blocks(), 2);
    rotation.status("2025-06-02").expect(0);
    // Packages still carry the old signature: who has the new certificate alone could not
    // install them.
    let run = rotation.step("2025-07-01", &[], &[]);
    refused(
        &run,
        &[
            "packages signed by",
            "rpm-4.18 with the new certificate alone",
            "--existing",
        ],
    );
    rotation.sign_packages(&root, "2025-07-01").expect(0);
    rotation.step("2025-07-02", &[], &[]).expect(0);
    assert_eq!(blocks(), 1);
    rotation.status("2025-07-03").expect(0);
}

#[test]
fn packages_are_signed_anew_where_the_plan_says_so() {
    let rotation = Rotation::new("good-rsa4096", "good-rsa2048");
    let root = rotation.yum("yum", rotation.old);
    let clients = [
        "--client",
        "rpm-4.18",
        "--client",
        "dnf-el9",
        "--resign-packages",
    ];
    rotation.planned(&clients, &[&root]);
    rotation.step("2025-03-03", &rotation.both(), &[]).expect(0);
    rotation.step("2025-06-01", &[rotation.new], &[]).expect(0);
    rotation.step("2025-07-02", &[], &[]).expect(0);
    let status = rotation.status("2025-07-03").expect(0);
    let signer = keys::load(rotation.new).signing_fingerprint();
    status.prints(&format!("1 packages signed by {signer}"));
}

#[test]
fn two_signatures_in_repomd_are_refused_for_who_reads_one() {
    let rotation = Rotation::new("primary-signs-rsa3072", "good-rsa4096");
    let root = rotation.yum("yum", rotation.old);
    rotation.plan(&["--client", "dnf-el10"], &[&root]);
    let before = content(&root);
    rotation.step("2025-03-03", &rotation.both(), &[]);
    let both = ["--step", "dual-sign", "--several-signatures"];
    let run = rotation.step("2025-03-04", &rotation.both(), &both);
    refused(
        &run,
        &["[rotate.strands]", "dnf-el10", "exactly one signature"],
    );
    let asc = |files: &[(PathBuf, Vec<u8>)]| {
        let found = files
            .iter()
            .find(|(path, _)| path.ends_with("repomd.xml.asc"));
        found.unwrap().1.clone()
    };
    assert_eq!(asc(&content(&root)), asc(&before));
}

#[test]
fn an_rpm_that_never_updates_a_certificate_needs_another_one() {
    let rotation = Rotation::of_subkey("good-rsa4096", "later/good-rsa4096");
    let root = rotation.yum("yum", rotation.old);
    let clients = ["--client", "rpm-4.18", "--client", "rpm-6"];
    rotation.planned(&clients, &[&root]);
    rotation.step("2025-03-03", &rotation.both(), &[]).expect(0);
    let run = rotation.step("2025-06-01", &[rotation.new], &[]);
    refused(
        &run,
        &[
            "packages to come",
            "rpm-4.18 with both",
            "another certificate rather than",
        ],
    );
    run.prints_no("--strand rpm-6");
}
