# SPDX-License-Identifier: BSD-3-Clause
# Included by kmod/Kbuild: test_core.ko, the core's unit tests of tests/unit
# with a core of their own, whose allocations they count and let fail. Check
# and libc are the headers beside this file.
#
# Each source is built by a file that includes it, since its object would
# otherwise belong to two modules, or lies outside of this tree.

kcheck := $(top)/../tests/vm/kcheck
kcheck-tests := $(basename $(notdir $(wildcard $(cases)/test_core_*.c)))
kcheck-sources := $(basename $(notdir $(wildcard $(cases)/core_*.c))) \
	$(basename $(notdir $(call portable,core) $(call portable,scsi))) \
	core_os trace $(basename $(notdir $(wildcard $(kcheck)/*.c)))

obj-m += test_core.o
test_core-y := $(patsubst %,kcheck/copy-%.o,$(kcheck-tests) $(kcheck-sources))
clean-files += kcheck/*.c

# their stack is a thread's own, of 16 kB
kcheck-flags := -I$(kcheck) -I$(cases) -include $(kcheck)/kcheck.h \
	-Wframe-larger-than=8192
kcheck-own := $(basename $(notdir $(wildcard $(kcheck)/*.c)))
$(foreach o,$(test_core-y),$(eval CFLAGS_$(o) := $(kcheck-flags)))
# programs there, here functions of one module
$(foreach t,$(kcheck-tests),$(eval \
	CFLAGS_kcheck/copy-$(t).o := $(kcheck-flags) -Dmain=$(t)_main))
$(foreach o,$(kcheck-own),$(eval \
	CFLAGS_kcheck/copy-$(o).o := -I$(kcheck) -DKCHECK_ITSELF))
CFLAGS_kcheck/copy-kcheck.o += \
	-D'KCHECK_SUITES=$(patsubst %,X(%),$(kcheck-tests))'

$(addprefix $(obj)/,$(test_core-y:.o=.c)): $(obj)/kcheck/copy-%.c:
	$(Q)mkdir -p $(@D)
	$(Q)echo '#include "$*.c"' >$@
