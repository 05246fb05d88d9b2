//! Packages with everything an index can say.

/// Dependencies of every kind, files of every kind, a long changelog.
const RICH: &str = r#"
Name: rich
Epoch: 7
Version: 1.2~rc1
Release: 3^git
Summary: Ünïcode & <markup> "quoted"
License: MIT & others
Group: Tools/Ä
Vendor: Ven <dor>
Packager: Päck Ager <p@test.invalid>
URL: http://test.invalid/?a=1&b=2
Provides: rich-virtual
Provides: rich-versioned = 2:1.0-5
Provides: bad-epoch = 1
Provides: /opt/rich/provided
Provides: self-met = 4
Requires: self-met = 4
Requires: self-met = 5
Requires: /usr/bin/rich
Requires: /usr/share/rich/data
Requires: /bin/sh
Requires: (a if b else c)
Requires: more >= 1:2.0-3
Requires: more >= 1:2.0-3
Requires: more < 9
Requires(pre): before
Requires(post): after >= 2
Requires(preun): goodbye
Requires(pretrans): early
Requires(posttrans): late
Requires: before
Requires: libc.so.6(GLIBC_2.4)(64bit)
Requires: libc.so.6(GLIBC_2.34)(64bit)
Requires: libc.so.6()(64bit)
Requires: libm.so.6(GLIBC_2.2)(64bit)
Conflicts: enemy > 1.0
Conflicts: foe
Obsoletes: ancestor <= 3:1-1
Recommends: friend >= 1
Recommends: (x and y)
Suggests: acquaintance = 1-1
Supplements: (p and q)
Enhances: thing < 4

%description
Several lines,
	a tab, ümlauts & <tags> "quotes" 'single'.

%package sub
Summary: Sub package
BuildArch: noarch
Requires: %{name} = %{epoch}:%{version}-%{release}
%description sub
Of another architecture.

%package empty
Summary: No files
%description empty

%prep
%build
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/etc/rich.d %{buildroot}/usr/share/rich "%{buildroot}/usr/share/rich/with space"
mkdir -p %{buildroot}/usr/lib/rich/sbin %{buildroot}/var/log
echo 1 > %{buildroot}/usr/bin/rich
echo 1 > %{buildroot}/etc/rich.d/rich.conf
echo 1 > %{buildroot}/usr/share/rich/data
echo 1 > "%{buildroot}/usr/share/rich/with space/a&b <c>"
echo 1 > %{buildroot}/usr/share/rich/ümlaut
echo 1 > %{buildroot}/usr/lib/rich/sbin/tool
ln -s rich %{buildroot}/usr/bin/link
touch %{buildroot}/var/log/rich.log
echo doc > README

%files
%doc README
/usr/bin/rich
/usr/bin/link
%dir /etc/rich.d
%config(noreplace) /etc/rich.d/rich.conf
/usr/share/rich
/usr/lib/rich
%ghost /var/log/rich.log

%files sub

%files empty

%pre
exit 0
%post
exit 0

%changelog
* Sun Feb 02 2025 Newest <n@test.invalid> - 1.2-1
- <Fifteen> & more
* Sun Feb 02 2025 Same Day <n@test.invalid>  
- two of one day
* Sun Feb 02 2025 Same Day Again <n@test.invalid> - 1.1-1
- three of one day
* Sat Feb 01 2025 Day Before "quoted" <n@test.invalid>
- ümlauts
* Fri Jan 31 2025 A <n@test.invalid>
- 11
* Thu Jan 30 2025 A <n@test.invalid>
- 10
  with a second line
* Wed Jan 29 2025 A <n@test.invalid>
- 9
* Tue Jan 28 2025 A <n@test.invalid>
- 8
* Mon Jan 27 2025 A <n@test.invalid>
- 7
* Sun Jan 26 2025 A <n@test.invalid>
- 6
* Sat Jan 25 2025 A <n@test.invalid>
- 5
* Fri Jan 24 2025 A <n@test.invalid>
- 4
* Thu Jan 23 2025 A <n@test.invalid>
- 3
* Wed Jan 22 2025 A <n@test.invalid>
- 2
* Tue Jan 21 2025 A <n@test.invalid>
- 1
"#;

/// The smallest there is.
const PLAIN: &str = r"
Name: plain
Version: 1
Release: 1
Summary: plain
License: MIT
%description
%prep
%build
%install
%files
";

/// Sources that may not be given away.
const NO_SOURCE: &str = r"
Name: nosource
Version: 1
Release: 1
Summary: nosource
License: MIT
Source0: source.tar
NoSource: 0
BuildRequires: make >= 4
%description
%prep
%build
%install
%files
";

/// Texts in ISO 8859-1, with a control character of it that is really CP-1252.
fn latin() -> Vec<u8> {
    let text = r"
Name: latin
Version: 1
Release: 1
Summary: caf@ & @quotes
License: MIT
Vendor: Soci@t@
BuildArch: noarch
Provides: caf@
%description
na@ve
%prep
%build
%install
mkdir -p %{buildroot}/usr/share/latin
echo 1 > %{buildroot}/usr/share/latin/caf@
%files
/usr/share/latin
%changelog
* Sun Feb 02 2025 Ren@ <r@@test.invalid> - 1-1
- @t@
";
    let mut bytes = Vec::new();
    let mut quoted = false;
    for byte in text.replace("r@@test", "r%test").bytes() {
        match byte {
            b'@' if !quoted => {
                // The second one of the summary is a curly quote of CP-1252.
                bytes.push(0xe9);
            }
            b'%' if bytes.ends_with(b"<r") => bytes.push(b'@'),
            b'\n' => {
                quoted = false;
                bytes.push(byte);
            }
            other => bytes.push(other),
        }
    }
    let at = bytes
        .windows(8)
        .position(|w| &w[1..] == b"quotes\n")
        .unwrap();
    bytes[at] = 0x93;
    bytes
}

/// Every spec with the options of rpmbuild.
pub(super) fn all() -> Vec<(Vec<u8>, &'static [&'static str])> {
    let plain = |name: &str| {
        PLAIN
            .replace("Name: plain", &format!("Name: {name}"))
            .into_bytes()
    };
    vec![
        (RICH.into(), &["-ba", "--target", "x86_64-linux"]),
        (plain("plain"), &["-ba", "--target", "i686-linux"]),
        (plain("plain-arm"), &["-bb", "--target", "aarch64-linux"]),
        (plain("plain-noarch"), &["-bb", "--target", "noarch-linux"]),
        (
            plain("plain-zstd"),
            &["-bb", "--define", "_binary_payload w19.zstdio"],
        ),
        (
            plain("plain-xz"),
            &["-bb", "--define", "_binary_payload w6.xzdio"],
        ),
        (NO_SOURCE.into(), &["-bs"]),
        (latin(), &["-ba"]),
    ]
}
