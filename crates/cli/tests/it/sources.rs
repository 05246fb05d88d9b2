//! `pkgseal apt sources`: what it writes works with both apts, and what would not is
//! refused.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::build::apt::Repository;
use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::{self, apt};

use crate::run::{Call, Run, pkgseal, sign_with};

const KEY: &str = "good-rsa4096";

fn certificate(name: &str) -> PathBuf {
    keys::load(name).certificate_path()
}

fn sources(uri: &str, key: &str) -> Call {
    pkgseal(["apt", "sources", "--time", keys::NOW, uri, "--keyring"])
        .arg(certificate(key))
        .args(["--suite", "stable", "--component", "main"])
}

/// A repository signed by the command.
pub(crate) fn published(folder: &Path) -> PathBuf {
    let root = folder.join("repository");
    let debs = vec![("main", Deb::new("hello", "1.0", "amd64"))];
    Repository::new("stable", debs).write(&root);
    sign_with(folder, KEY, &root);
    root
}

/// `apt-get update` of what was written for a repository, by one apt.
fn updates(which: apt::Which, form: &str) {
    let folder = tempfile::tempdir().unwrap();
    let root = published(folder.path());
    let Some(client) = apt::Root::of(which, "") else {
        return;
    };
    let uri = format!("file:{}", client.bring(&root).display());
    let list = client.path().join("etc/apt/sources.list.d");
    fs::remove_file(list.join("test.sources")).unwrap();
    let output = folder.path().join("kit");
    fs::create_dir(&output).unwrap();
    sources(&uri, KEY)
        .args([
            "--form", form, "--name", "kit", "--arch", "amd64", "--output",
        ])
        .arg(&output)
        .args(["--client", "bookworm", "--client", "trixie"])
        .run()
        .expect(0);
    if form == "deb822" {
        fs::copy(output.join("kit.sources"), list.join("kit.sources")).unwrap();
    } else {
        let keyrings = client.path().join("etc/apt/keyrings");
        fs::create_dir_all(&keyrings).unwrap();
        fs::copy(output.join("kit.gpg"), keyrings.join("kit.gpg")).unwrap();
        // The entry names the system's own folder; this apt's is elsewhere.
        let text = fs::read_to_string(output.join("kit.list")).unwrap();
        let named = client.named("etc/apt/keyrings").display().to_string();
        assert!(
            text.contains("signed-by=/etc/apt/keyrings/kit.gpg"),
            "{text}"
        );
        fs::write(
            list.join("kit.list"),
            text.replace("/etc/apt/keyrings", &named),
        )
        .unwrap();
    }
    client.update().expect_ok();
    let known = client
        .command("apt-cache")
        .args(["policy", "hello"])
        .output()
        .unwrap();
    let known = String::from_utf8(known.stdout).unwrap();
    assert!(known.contains("1.0"), "{known}");
}

#[test]
fn bookworm_updates_from_a_deb822_entry() {
    updates(apt::Which::Installed, "deb822");
}

#[test]
fn bookworm_updates_from_a_one_line_entry() {
    updates(apt::Which::Installed, "list");
}

#[test]
fn trixie_updates_from_a_deb822_entry() {
    updates(apt::Which::Trixie, "deb822");
}

#[test]
fn trixie_updates_from_a_one_line_entry() {
    updates(apt::Which::Trixie, "list");
}

/// Another certificate in the entry, and the same apt refuses.
#[test]
fn apt_refuses_by_an_entry_for_another_signer() {
    let folder = tempfile::tempdir().unwrap();
    let root = published(folder.path());
    let Some(client) = apt::Root::new("") else {
        return;
    };
    let text = sources(&format!("file:{}", root.display()), "good-ed25519")
        .run()
        .expect(0);
    client.sources(&text.stdout);
    client.update().expect_failure();
}

#[test]
fn an_entry_goes_to_stdout() {
    let run = sources("https://deb.test.invalid/debian", KEY)
        .run()
        .expect(0);
    assert!(
        run.stdout.starts_with(
            "Types: deb\nURIs: https://deb.test.invalid/debian\nSuites: stable\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n"
        ),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout
            .ends_with(" -----END PGP PUBLIC KEY BLOCK-----\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn files_are_called_by_the_host() {
    let folder = tempfile::tempdir().unwrap();
    sources("https://deb.test.invalid:8443/debian", KEY)
        .args(["--form", "list", "--output"])
        .arg(folder.path())
        .run()
        .expect(0);
    let list = fs::read_to_string(folder.path().join("deb.test.invalid.list")).unwrap();
    assert_eq!(
        list,
        "deb [signed-by=/etc/apt/keyrings/deb.test.invalid.gpg] https://deb.test.invalid:8443/debian stable main\n"
    );
    let keyring = fs::read(folder.path().join("deb.test.invalid.gpg")).unwrap();
    assert!(matches!(keyring[0], 0x98 | 0x99 | 0xc6));
    if let Some(gpg) = peers::have("gpg") {
        gpg.run([
            "--show-keys".into(),
            folder.path().join("deb.test.invalid.gpg"),
        ])
        .expect_ok();
    }
}

fn refused(run: Run) -> Run {
    let run = run.expect(1);
    assert_eq!(run.stdout, "");
    run
}

#[test]
fn injections_are_refused() {
    for uri in [
        "https://deb.test.invalid/\nTrusted: yes",
        "https://deb.test.invalid/ evil",
        "https://deb.test.invalid/[trusted=yes]",
        "https://user:secret@deb.test.invalid/",
        "javascript:alert(1)",
        "file:relative",
        "https://deb.test.invalid/\u{1b}[2J",
    ] {
        let run = refused(sources(uri, KEY).run());
        assert!(
            run.stderr.contains("apt.sources.value"),
            "{uri:?}: {}",
            run.stderr
        );
        assert!(!run.stderr.contains('\u{1b}'), "{}", run.stderr);
    }
    for more in [
        &["--suite", "a b"][..],
        &["--suite", "./"],
        &["--component", "main\nTrusted: yes"],
        &["--arch", "amd64] [trusted=yes"],
        &["--name", "../kit"],
        &["--name", ".hidden"],
        &["--name", "a/b"],
    ] {
        refused(sources("https://deb.test.invalid/", KEY).args(more).run());
    }
}

#[test]
fn certificates_that_a_client_cannot_use() {
    let uri = "https://deb.test.invalid/";
    for (key, client, says) in [
        ("good-v6-ed25519", "bookworm", "version 6"),
        ("sha1-binding", "trixie", "SHA-1"),
        ("expired", "bookworm", "expired"),
        ("not-signing", "trixie", "may sign"),
        ("good-brainpool-p256", "trixie", "rainpool"),
        (KEY, "bullseye", "does not find it"),
    ] {
        // A day on which apt 3 has cut SHA-1 off.
        let at = ["--time", "2026-03-01"];
        let call = || {
            pkgseal([
                "apt",
                "sources",
                uri,
                "--suite",
                "stable",
                "--component",
                "main",
                "--keyring",
            ])
            .arg(certificate(key))
            .args(at)
        };
        let run = refused(call().args(["--client", client]).run());
        run.complains(says);
        // Where no client is named it is a warning.
        let run = call().run().expect(0);
        run.complains(client);
    }
}

#[test]
fn entries_in_each_others_way() {
    let folder = tempfile::tempdir().unwrap();
    let uri = "https://deb.test.invalid/debian";
    let other = folder.path().join("other.sources");
    fs::write(&other, sources(uri, "good-ed25519").run().expect(0).stdout).unwrap();
    let run = refused(sources(uri, KEY).arg("--beside").arg(&other).run());
    run.complains("apt.sources.conflict");
    // The same signer, or another suite, is in nobody's way.
    sources(uri, "good-ed25519")
        .arg("--beside")
        .arg(&other)
        .run()
        .expect(0);
    fs::write(&other, "nonsense\n").unwrap();
    sources(uri, KEY)
        .arg("--beside")
        .arg(&other)
        .run()
        .expect(2);
}

#[test]
fn the_one_line_form_needs_a_directory() {
    let run = sources("https://deb.test.invalid/", KEY)
        .args(["--form", "list"])
        .run()
        .expect(2);
    run.complains("--output");
}
