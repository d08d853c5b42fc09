# bash completion for bootcheck: source it, or install it as
# $(pkg-config --variable=completionsdir bash-completion)/bootcheck
_bootcheck() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]-}
	local commands='run lint list build plan replay report explain cache machines doctor'
	local selection='--filter --label --set --shard' options=
	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$cur")
		return
	fi
	case $prev in
	--output | -o | --base)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	--junit)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--label | -l)
		mapfile -t COMPREPLY < <(compgen -W "$(bootcheck list --json 2>/dev/null |
			sed -n '/"labels": \[/,/\]/s/^ *"\([^"]*\)",\{0,1\}$/\1/p' | sort -u)" -- "$cur")
		return
		;;
	--filter | -f | --set | --shard | --jobs | -j | --repeat | --retries | --memory | --timeout-scale | --size) return ;;
	esac
	case $command in
	run) options="$selection --jobs --output --junit --tap --quiet --repeat --retries --fail-fast --resume
		--memory --timeout-scale --offline --refresh --bisect" ;;
	lint) options='--json --schema --manual --set' ;;
	list | doctor) options="$selection --json" ;;
	build) options="$selection --explain --dry-run --jobs --offline --refresh --json" ;;
	plan) options=$selection ;;
	replay) options="$selection --json" ;;
	report) options='--junit --base --tap --json --github --write' ;;
	explain) options='--json' ;;
	cache) options='list gc verify --size --dry-run --json' ;;
	machines) options='--cpus --filter --json' ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options --help" -- "$cur")
		return
	fi
	case $command in
	machines)
		mapfile -t COMPREPLY < <(compgen -c qemu-system- | sed 's/^qemu-system-//' | sort -u |
			grep -E "^${cur//[^A-Za-z0-9_-]/}")
		;;
	report) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	explain)
		mapfile -t COMPREPLY < <(compgen -W "$(bootcheck explain --json 2>/dev/null |
			sed -n 's/^ *"id": "\([^"]*\)",\{0,1\}$/\1/p')" -- "$cur")
		;;
	*) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	esac
}
complete -o filenames -F _bootcheck bootcheck
