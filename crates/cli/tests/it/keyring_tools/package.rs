//! `pkgseal keyring package`: a package that every peer takes, and what it would break.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pkgseal_testkit::keys;
use pkgseal_testkit::peers::{self, apt};

use crate::run::{Call, listing, pkgseal, private_key};

use super::{KEY, certificate, keyring, published};

/// What every package of the test is called.
const PACKAGE: &str = "acme-archive-keyring";

fn package(folder: &Path, output: &Path, more: &[&str]) -> Call {
    keyring("package")
        .args(["--name", PACKAGE, "--package-version", "2025.09.01"])
        .args(["--maintainer", "Acme TEST <keys@example.org>"])
        .args(["--homepage", "https://example.org"])
        .args(more)
        .arg("--output")
        .arg(output)
        .arg("--key")
        .arg(private_key(folder, "primary-signs-rsa3072.key.asc"))
        .arg(certificate(KEY))
}

fn deb(output: &Path) -> PathBuf {
    output.join(format!("{PACKAGE}_2025.09.01_all.deb"))
}

#[test]
fn a_package_is_the_same_bytes_and_every_peer_takes_it() {
    let folder = tempfile::tempdir().unwrap();
    let sources = folder.path().join("acme.sources");
    let root = published(folder.path());
    let entry = |uri: &Path| {
        format!(
            "Types: deb\nURIs: file:{}\nSuites: stable\nComponents: main\nSigned-By: /usr/share/keyrings/{PACKAGE}.gpg\n",
            uri.display()
        )
    };
    fs::write(&sources, entry(&root)).unwrap();
    let with_sources = ["--sources", sources.to_str().unwrap()];
    let epoch = keys::time(keys::SIGNED).as_second().to_string();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let timed = [&with_sources[..], &["--time", keys::SIGNED]].concat();
    package(folder.path(), &one, &timed).run().expect(0);
    package(folder.path(), &two, &with_sources)
        .env("SOURCE_DATE_EPOCH", &epoch)
        .run()
        .expect(0);
    assert_eq!(listing(&one).len(), 1);
    assert_eq!(fs::read(deb(&one)).unwrap(), fs::read(deb(&two)).unwrap());
    package(folder.path(), &two, &with_sources)
        .env("SOURCE_DATE_EPOCH", "yesterday")
        .run()
        .expect(2);

    let deb = deb(&one);
    pkgseal(["verify", "--time", keys::NOW, "--keyring"])
        .arg(certificate("primary-signs-rsa3072"))
        .arg(&deb)
        .run()
        .expect(0);
    if let Some(read) = peers::deb::dpkg_deb_reads(&deb) {
        assert!(
            read.expect_ok()
                .says("./etc/apt/sources.list.d/acme.sources")
        );
    }
    let signer = keys::load("primary-signs-rsa3072");
    if let Some(run) = peers::deb::debsig_verify(&deb, &["origin"], &signer) {
        run.expect_ok();
    }
    if let Some(lintian) = peers::have("lintian") {
        // Debian forbids its own packages to bring sources; others exist for that. debsigs
        // puts signatures behind data.tar, where lintian expects nothing.
        let run = peers::run(
            lintian
                .command()
                .args([
                    "--fail-on=error,warning",
                    "--allow-root",
                    "--suppress-tags=package-installs-apt-sources,misplaced-extra-member-in-deb",
                ])
                .arg(&deb),
        );
        assert!(run.accepted(), "{run}");
    }
    installs(&deb, &root, &entry);
}

/// dpkg installs it into a root of its own, and apt then trusts the repository by it.
fn installs(deb: &Path, repository: &Path, entry: &dyn Fn(&Path) -> String) {
    for which in apt::Which::ALL {
        let Some(client) = apt::Root::of(which, "") else {
            continue;
        };
        let system = client.path().join("system");
        for below in [
            "var/lib/dpkg/info",
            "var/lib/dpkg/updates",
            "var/lib/dpkg/triggers",
        ] {
            fs::create_dir_all(system.join(below)).unwrap();
        }
        fs::write(system.join("var/lib/dpkg/status"), "").unwrap();
        let dpkg = peers::run(
            Command::new("dpkg")
                .arg(format!("--root={}", system.display()))
                .args([
                    "--force-not-root",
                    "--force-script-chrootless",
                    "--log=/dev/null",
                    "--install",
                ])
                .arg(deb),
        );
        assert!(dpkg.accepted(), "{dpkg}");
        let keyring = system.join(format!("usr/share/keyrings/{PACKAGE}.gpg"));
        assert!(keyring.is_file());
        assert!(system.join("etc/apt/sources.list.d/acme.sources").is_file());
        let named = client.named(&format!("system/usr/share/keyrings/{PACKAGE}.gpg"));
        let installed = format!("/usr/share/keyrings/{PACKAGE}.gpg");
        let text =
            entry(&client.bring(repository)).replace(&installed, &named.display().to_string());
        client.sources(&text);
        client.update().expect_ok();
        fs::write(&keyring, keys::load("stranger").certificate_binary()).unwrap();
        client.update().expect_failure();
    }
}

#[test]
fn a_package_that_would_hurt_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out");
    let time = ["--time", keys::SIGNED];
    for (name, version, maintainer) in [
        ("Acme", "1", "A <a@b>"),
        ("../acme", "1", "A <a@b>"),
        ("acme\nEssential: yes", "1", "A <a@b>"),
        ("acme", "v1", "A <a@b>"),
        ("acme", "1", "nobody"),
        ("acme", "1", "A <a@b>\nDepends: x"),
    ] {
        let run = keyring("package")
            .args([
                "--name",
                name,
                "--package-version",
                version,
                "--maintainer",
                maintainer,
            ])
            .args(time)
            .arg("--output")
            .arg(&output)
            .arg("--key")
            .arg(private_key(folder.path(), "good-ed25519.key.asc"))
            .arg(certificate(KEY))
            .run();
        assert_eq!(
            run.status, 2,
            "{name} {version} {maintainer}: {}",
            run.stderr
        );
    }
    let sources = folder.path().join("acme.sources");
    let named = "Types: deb\nURIs: https://example.org\nSuites: ./\n";
    for text in [
        "nonsense",
        "",
        named,
        &format!("{named}Signed-By: /etc/apt/keyrings/other.gpg\n"),
        &format!("{named}Signed-By: /usr/share/keyrings/{PACKAGE}.gpg /etc/other.gpg\n"),
    ] {
        fs::write(&sources, text).unwrap();
        let more = [&time[..], &["--sources", sources.to_str().unwrap()]].concat();
        let run = package(folder.path(), &output, &more).run();
        assert_eq!(run.status, 2, "{text}: {}", run.stderr);
    }
    let odd = folder.path().join("acme.list");
    fs::write(&odd, "").unwrap();
    let more = [&time[..], &["--sources", odd.to_str().unwrap()]].concat();
    package(folder.path(), &output, &more).run().expect(2);
    assert!(!output.exists() || listing(&output).is_empty());
}
