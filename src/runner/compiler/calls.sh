#!/bin/sh
# Compiles one of the workspace's own crates, then prints its MIR beside its metadata. Printing is a
# run of its own: asking for MIR while compiling has the compiler look for the code of every
# dependency, which a check does not make. What the first run found out is taken from its
# incremental results.
export RUSTC_BOOTSTRAP=1
case " $*" in
*" --emit="*)
    # Nothing left out or moved by optimisation, whole paths, and lints are no errors.
    set -- "$@" -Zmir-include-spans=on -Ztrim-diagnostic-paths=no -Zmir-opt-level=0 \
        -Copt-level=0 --cap-lints=allow
    ;;
*) exec "$@" ;;
esac
"$@" || exit $?
before= name= extra= out=
for word in "$@"; do
    case $before in
    --crate-name) name=$word ;;
    --out-dir) out=$word ;;
    -C) case $word in extra-filename=*) extra=${word#extra-filename=} ;; esac ;;
    esac
    before=$word
done
mir=$out/$name$extra.mir
if "$@" -Zunpretty=mir -o "$mir.new" 2>/dev/null; then
    mv -f "$mir.new" "$mir"
else
    rm -f "$mir" "$mir.new"
fi
exit 0
