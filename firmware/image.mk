# One image of our firmware with values built in: `make image` in this folder. It is what the build hook of a board file
# runs, and what the hook of any other firmware looks like: values come in the environment, an empty one counts as none.
#
#   ID2_CIPHER_DATA=… ID2_AUTH_CODE=… make -C firmware image MACHINE=cortex-m3 CARRIER=se IMAGE=../out.elf
#
# Values:  ID2_CIPHER_DATA, ID2_AUTH_CODE, ID2_CHALLENGE, ID2_TIMESTAMP, ID2_PRODUCT_KEY, ID2_PRODUCT_SECRET
# Options: MACHINE (cortex-m3, linux), CARRIER (demo, se), FAMILY (AES, SM4, 3DES), LINK_PROBE (1, 0), FAULT (faults.h),
#          DIALECT (of the console: bare, alios-3 …; see platform), CHATTER_MS (between lines that other tasks log; 0: none),
#          DEMO_ID, DEMO_KEY (hex, of carrier demo), IMAGE (the file that is made, relative to this folder)
MACHINE    ?= cortex-m3
CARRIER    ?= demo
FAMILY     ?= AES
LINK_PROBE ?= 1
FAULT      ?= NONE
DIALECT    ?= bare
CHATTER_MS ?= 0
IMAGE_DIR  ?= $(OUT)/image-$(MACHINE)-$(CARRIER)
IMAGE      ?= $(IMAGE_DIR)/firmware.elf
VALUES     := ID2_CIPHER_DATA ID2_AUTH_CODE ID2_CHALLENGE ID2_TIMESTAMP ID2_PRODUCT_KEY ID2_PRODUCT_SECRET

MACHINE_PART_linux     := linux
MACHINE_PART_cortex-m3 := board
MACHINE_PART           := $(MACHINE_PART_$(MACHINE))

IMAGE_CC_linux     := gcc -O1 -D_GNU_SOURCE -pthread
IMAGE_CC_cortex-m3 := arm-none-eabi-gcc -Os -mcpu=cortex-m3 -mthumb -ffunction-sections -fdata-sections --specs=nano.specs \
	'-DID2_PROBE_NOINIT=__attribute__((section(".noinit")))' \
	-DID2_PROBE_MUTEX=0 -DID2_PROBE_SEMAPHORE=0 -DID2_PROBE_THREAD=0 -DID2_PROBE_NET=0
IMAGE_LD_cortex-m3 := -nostartfiles -Wl,--gc-sections -T board/mps2_an385.ld

IMAGE_PROBE_1   := -DID2_PROBE_ENABLE '-DID2_PROBE_CONFIG_FILE="id2_probe_all.h"'
IMAGE_CARRIER_  := $(shell printf %s '$(CARRIER)' | tr a-z A-Z)
IMAGE_MACROS    := -DID2_CARRIER=ID2_CARRIER_$(IMAGE_CARRIER_) -DID2_FAMILY=ID2_FAMILY_$(FAMILY) -DID2_FAULT=ID2_FAULT_$(FAULT) \
	-DID2_PLATFORM=platform_$(subst -,_,$(DIALECT)) -DID2_CHATTER_MS=$(CHATTER_MS) \
	$(if $(DEMO_ID),'-DID2_DEMO_ID="$(DEMO_ID)"') $(if $(DEMO_KEY),'-DID2_DEMO_KEY="$(DEMO_KEY)"') $(IMAGE_PROBE_$(LINK_PROBE))
IMAGE_FOLDERS   := $(shell find include client $(if $(filter 1,$(LINK_PROBE)),probe) $(MACHINE_PART) platform -type d 2>/dev/null) .
IMAGE_COMPILE   := $(IMAGE_CC_$(MACHINE)) $(IMAGE_MACROS) $(IMAGE_FOLDERS:%=-I%)
IMAGE_SOURCES   := $(foreach part,client $(if $(filter 1,$(LINK_PROBE)),probe) $(MACHINE_PART),$(call part_of,$(part)))
IMAGE_OBJECTS   := $(IMAGE_SOURCES:%.c=$(IMAGE_DIR)/%.o)
IMAGE_APP       := $(IMAGE_DIR)/client/id2_app.o

.PHONY: image image-always flash
image: $(IMAGE)

# What a flash tool does, for an emulated board: `make flash MACHINE=… IMAGE=… FLASH=…` refuses the image of another
# machine, writes it to the file that the board starts from, and reads it back.
ELF_linux     = $$(od -An -tu2 -j18 -N2 /proc/self/exe)
ELF_cortex-m3 = 40
flash:
	@test "$$(od -An -tx4 -N4 '$(IMAGE)')" = " 464c457f" || { echo "flash: $(IMAGE) is no ELF image"; exit 1; }
	@test $$(od -An -tu2 -j18 -N2 '$(IMAGE)') = $(ELF_$(MACHINE)) || \
		{ echo "flash: $(IMAGE) is an image for another machine than $(MACHINE)"; exit 1; }
	@mkdir -p '$(dir $(FLASH))'
	@cp '$(IMAGE)' '$(FLASH).new' && chmod 700 '$(FLASH).new' && mv '$(FLASH).new' '$(FLASH)'
	@cmp '$(IMAGE)' '$(FLASH)' && echo "flash: $$(wc -c < '$(FLASH)') bytes written and verified"

$(IMAGE): $(IMAGE_OBJECTS)
	@mkdir -p $(@D)
	@echo "  LD $(@F)"
	@$(IMAGE_CC_$(MACHINE)) $(IMAGE_LD_$(MACHINE)) $^ -o $@.new
	@mv $@.new $@

# Whatever the image was made with before: other options make every object anew.
$(IMAGE_DIR)/options: image-always
	@mkdir -p $(@D)
	@printf '%s\n' $(foreach word,$(IMAGE_COMPILE),'$(subst ','\'',$(word))') > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# The values stand in a file of their own, not on a command line that every user of the machine can see.
$(IMAGE_DIR)/values.h: image-always
	@mkdir -p $(@D)
	@umask 077; { $(foreach name,$(VALUES),test -z "$$$(name)" || \
		printf '#define $(name) "%s"\n' "$$(printf %s "$$$(name)" | sed 's/[\\"]/\\&/g')";) } > $@

$(IMAGE_DIR)/%.o: %.c $(IMAGE_DIR)/options
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(IMAGE_COMPILE) -std=c99 -Wall -Wextra -Werror -MMD -c $< -o $@

# Always anew: its build date says which image speaks.
$(IMAGE_APP): client/id2_app.c $(IMAGE_DIR)/options $(IMAGE_DIR)/values.h image-always
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(IMAGE_COMPILE) -std=c99 -Wall -Wextra -Werror -include $(IMAGE_DIR)/values.h -c $< -o $@

-include $(IMAGE_OBJECTS:.o=.d)
