# Sourced by ./run and ./test, never run by itself: finds what is missing, asks for it or installs it, makes .venv.
# Every step may be repeated and does nothing where nothing is left to do.
# shellcheck shell=bash

# The caller sets STEPS (how many steps it shows) and ME (its own name, for "run it again").
STEP=0
STEPS=${STEPS:-1}
ME=${ME:-./run}
OFFLINE=${OFFLINE:-}

# Needed to build python-ldap, which is published as source only, and to run.
RUN_PACKAGES=(ca-certificates gcc libc6-dev libldap-dev libsasl2-dev)
PYTHON_PACKAGES=(python3 python3-venv python3-dev)
# Documents look right with it and are readable without it.
FONT_PACKAGES=(fonts-morisawa-bizud-gothic)
TEST_PACKAGES=(
    slapd ldap-utils nginx postgresql poppler-utils strace
    golang-go golang-golang-x-mod-dev libatomic1 fonts-noto-cjk
)

# say JAPANESE ENGLISH
say() {
    printf '      %s\n      %s\n' "$1" "$2"
}

# warn JAPANESE ENGLISH
warn() {
    printf '  ※  %s\n      %s\n' "$1" "$2" >&2
}

# step JAPANESE ENGLISH
step() {
    STEP=$((STEP + 1))
    printf '\n[%d/%d] %s\n      %s\n' "$STEP" "$STEPS" "$1" "$2"
}

# stop EXIT_CODE JAPANESE ENGLISH
stop() {
    printf '\n%s\n%s\n' "$2" "$3" >&2
    exit "$1"
}

has() {
    command -v "$1" >/dev/null 2>&1
}

# --------------------------------------------------------------------------------------------------- system packages

is_debian() {
    has dpkg-query && has apt-get
}

# Prints the name of the operating system for people.
os_name() {
    (
        # shellcheck disable=SC1091
        if [ -r /etc/os-release ]; then . /etc/os-release; fi
        printf '%s' "${PRETTY_NAME:-$(uname -s)}"
    )
}

# is_ubuntu: there Chromium is a wrapper with another name.
is_ubuntu() {
    grep -qsE '^ID(_LIKE)?=.*ubuntu' /etc/os-release
}

# Prints a Python that can make the environment: 3.11 to 3.14, with venv, pip and the headers. Fails if there is none.
find_python() {
    local candidate
    for candidate in /usr/bin/python3 python3 python3.13 python3.12 python3.14 python3.11; do
        if has "$candidate" && "$candidate" - <<'PY' >/dev/null 2>&1; then
import ensurepip, os, sys, sysconfig, venv
header = os.path.join(sysconfig.get_paths()["include"], "Python.h")
sys.exit(0 if (3, 11) <= sys.version_info[:2] < (3, 15) and os.path.exists(header) else 1)
PY
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

# missing PACKAGE...: prints those that are not installed, one a line.
missing() {
    local installed package
    installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
    for package in "$@"; do
        grep -qxF "$package installed" <<<"$installed" || printf '%s\n' "$package"
    done
}

# Prints the packages that ./run (or, with the argument `test`, ./test) still needs, one a line.
packages_to_install() {
    local wanted=("${RUN_PACKAGES[@]}")
    if ! find_python >/dev/null; then
        wanted+=("${PYTHON_PACKAGES[@]}")
        # The distribution's own python3 is too old: its archive may carry a newer one beside it.
        if [ -x /usr/bin/python3 ] && ! /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            wanted+=(python3.11 python3.11-venv python3.11-dev)
        fi
    fi
    if [ "${1:-}" = test ]; then
        wanted+=("${TEST_PACKAGES[@]}")
        if ! has chromium && ! has chromium-browser && ! has google-chrome; then
            if is_ubuntu; then wanted+=(chromium-browser); else wanted+=(chromium); fi
        fi
    fi
    missing "${wanted[@]}"
}

# installation PACKAGE...: prints the commands, as root, that install the packages. What is printed is what is run.
installation() {
    local options='--yes --no-install-recommends -o DPkg::Lock::Timeout=120' fonts
    # Neither a directory nor a database of the machine's own is set up: the tests start theirs.
    if [[ " $* " == *' slapd '* ]]; then
        echo "echo 'slapd slapd/no_configuration boolean true' | debconf-set-selections"
    fi
    if [[ " $* " == *' postgresql '* ]]; then
        echo 'mkdir -p /etc/postgresql-common/createcluster.d'
        echo "echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/csirt-desk.conf"
    fi
    # nginx would be started at once: a policy denies that, unless the machine has a policy of its own.
    if [[ " $* " == *' nginx '* ]]; then
        echo 'policy=/usr/sbin/policy-rc.d; made=; [ -e "$policy" ] || made=yes'
        echo '[ -z "$made" ] || { printf "#!/bin/sh\nexit 101\n" >"$policy" && chmod 755 "$policy"; }'
        echo 'trap '\''[ -z "$made" ] || rm -f "$policy"'\'' EXIT'
    fi
    echo 'apt-get update'
    echo "DEBIAN_FRONTEND=noninteractive apt-get install $options $*"
    # Nor is it started with the machine.
    if [[ " $* " == *' nginx '* ]]; then
        echo '! command -v systemctl >/dev/null || systemctl disable --quiet nginx.service || true'
    fi
    if [[ " $* " == *' postgresql '* ]]; then
        echo 'rm -f /etc/postgresql-common/createcluster.d/csirt-desk.conf'
    fi
    fonts=$(missing "${FONT_PACKAGES[@]}" | tr '\n' ' ')
    if [ -n "$fonts" ]; then
        echo "DEBIAN_FRONTEND=noninteractive apt-get install $options ${fonts% } || true"
    fi
}

# install_packages PACKAGE...: as root, by sudo without a password, or not at all: then says what to ask for; exit 3.
install_packages() {
    local commands
    commands=$(installation "$@")
    say "追加するパッケージ: $*" "packages to add: $*"
    if [ "$(id -u)" = 0 ]; then
        sh -ec "$commands" </dev/null
    elif has sudo && sudo -n true 2>/dev/null; then
        sudo -n sh -ec "$commands" </dev/null
    else
        cat >&2 <<MESSAGE

この端末には、上のパッケージが必要です。管理者に、次のコマンドを管理者権限で実行するよう依頼してください。
終わったら、もう一度 $ME を実行してください。

This machine needs the packages above. Please ask the administrator to run these commands as root.
Then run $ME again.

MESSAGE
        printf '%s\n' "$commands" | sed 's/^/    /' >&2
        exit 3
    fi
}

# Debian and Ubuntu: installs what is missing. Elsewhere: no package manager is touched, names are printed.
prepare_system() {
    local wanted=()
    if ! is_debian; then
        prepare_other_system
        return
    fi
    mapfile -t wanted < <(packages_to_install "${1:-}")
    if [ "${#wanted[@]}" -gt 0 ]; then
        install_packages "${wanted[@]}" ||
            stop 6 'パッケージを追加できませんでした。上の表示を確かめ、ネットワークを確認してください。' \
                'The packages could not be installed. Please see the lines above and check the network.'
    else
        say '必要なパッケージはそろっています。' 'All packages are there.'
    fi
    if [ -n "$(missing "${FONT_PACKAGES[@]}")" ]; then
        warn "文書用のフォント (${FONT_PACKAGES[*]}) がありません。別のフォントで続けます。" \
            "The font for documents (${FONT_PACKAGES[*]}) is not there; another one is used."
    fi
}

prepare_other_system() {
    if find_python >/dev/null && has cc && [ -e /usr/include/ldap.h ] && [ -e /usr/include/sasl/sasl.h ]; then
        say 'Python、C コンパイラ、LDAP のヘッダーを確認しました。' 'Python, a C compiler and the LDAP headers are there.'
        return
    fi
    stop 3 'Python 3.11 以上 (venv とヘッダー)、C コンパイラ、OpenLDAP と SASL のヘッダーが必要です。
  Red Hat 系: dnf install python3.12 python3.12-devel gcc openldap-devel cyrus-sasl-devel
  openSUSE:   zypper install python312 python312-devel gcc openldap2-devel cyrus-sasl-devel' \
        'Python 3.11 or later (venv and headers), a C compiler and the headers of OpenLDAP and SASL are needed (see above).'
}

# ------------------------------------------------------------------------------------------------ Python environment

# install_locked LOCK: exactly what the lock names, checked by hash. uv is quick; pip is the way around it.
install_locked() {
    # python-ldap is built with the setuptools of requirements-uv.lock, not with one fetched without a hash.
    local options=(--quiet --require-hashes --no-deps --no-build-isolation -r "$1")
    if [ -n "$OFFLINE" ]; then options+=(--no-index --find-links "$OFFLINE"); fi
    if [ -x .venv/bin/uv ] && .venv/bin/uv pip install --python .venv/bin/python "${options[@]}"; then
        return
    fi
    say 'pip で続けます（1 分ほどかかります）。' 'Going on with pip (about a minute).'
    .venv/bin/python -m pip install --disable-pip-version-check "${options[@]}"
}

# A virtual environment knows its own path; one that was moved, or whose Python has gone, is made anew.
make_environment() {
    local python
    if .venv/bin/python -c 'import pip' 2>/dev/null && grep -qsF "$PWD/.venv" .venv/pyvenv.cfg; then
        return
    fi
    python=$(find_python) ||
        stop 3 'Python 3.11 以上が見つかりません。' 'No Python 3.11 or later was found.'
    "$python" -m venv --clear .venv
}

# stamp LOCK: one line that changes whenever the environment has to be looked at again.
stamp() {
    cat "$1" requirements-uv.lock pyproject.toml .setup/common.sh | sha256sum | cut -d ' ' -f 1
}

# holds LOCK: whether .venv was filled from this very lock.
holds() {
    [ -x .venv/bin/csirt ] && [ "$(cat ".venv/.filled-from-$1" 2>/dev/null)" = "$(stamp "$1")" ]
}

# prepare_python LOCK [LARGER]: makes .venv hold what LOCK says and the project itself. LARGER is a lock with all of it.
prepare_python() {
    local lock=$1
    make_environment
    if holds "$lock" || holds "${2:-$lock}"; then
        say 'Python 環境は最新です。' 'The Python environment is up to date.'
        return
    fi
    say 'ロックファイルのとおりに、ハッシュを照合して入れます。' 'Installing what the lock says, checked by hash.'
    local source=()
    if [ -n "$OFFLINE" ]; then source=(--no-index --find-links "$OFFLINE"); fi
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
        "${source[@]}" -r requirements-uv.lock
    install_locked "$lock"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index \
        --editable .
    .venv/bin/python -m pip --disable-pip-version-check check
    .venv/bin/python -c 'import cryptography, fastapi, ldap, psycopg, sqlmodel, typst'
    stamp "$lock" >".venv/.filled-from-$lock"
}

# make_bundle DIR LOCK...: what another machine of this release needs to install without a network: packages as the locks
# name them, those that come as source built here, the product itself, and the sums of all files.
make_bundle() {
    local folder=$1 lock arguments=()
    shift
    for lock in "$@"; do arguments+=(-r "$lock"); done
    mkdir -p "$folder"
    .venv/bin/python -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps \
        --no-build-isolation "${arguments[@]}" -d "$folder"
    # Only what belongs to the product: neither the environment nor anybody's data.
    tar --create --gzip --file "$folder/csirt-desk.tar.gz" --exclude='./.venv' --exclude='./.git' \
        --exclude='__pycache__' --exclude='*.egg-info' --exclude='./build' --exclude='./.*_cache' \
        --exclude='./test-results' --exclude='./.hypothesis' --transform='s,^\./,csirt-desk/,' \
        ./.setup ./CHANGELOG.md ./LICENSE ./README.md ./README.ja.md ./csirt ./docs ./notifications ./playbooks \
        ./pyproject.toml ./requirements-uv.lock ./requirements.lock ./run
    packages_of_release >"$folder/packages.txt"
    (cd "$folder" && find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum >SHA256SUMS)
    say "できました: $folder （$(find "$folder" -type f | wc -l) ファイル、$(du -sh "$folder" | cut -f 1)）" \
        "Made $folder: $(find "$folder" -type f | wc -l) files, $(du -sh "$folder" | cut -f 1)"
}

# Prints the system packages that a machine of this release needs, for its own mirror or medium, one a line.
packages_of_release() {
    printf '# %s\n' "$(os_name)"
    printf '%s\n' "${RUN_PACKAGES[@]}" "${PYTHON_PACKAGES[@]}" "${FONT_PACKAGES[@]}"
}

# No telemetry, whoever is asked.
export DO_NOT_TRACK=1 PREFECT_SERVER_ANALYTICS_ENABLED=false
