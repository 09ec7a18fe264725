/* Where this host runs: clouds write their names into the firmware's tables (SMBIOS). */
#include "cmd/local.h"

#include <stdio.h>

#define DMI "/sys/class/dmi/id/"

static void read_line(const char *name, char *t, size_t n)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), DMI "%s", name);
	t[0] = '\0';
	f = fopen(path, "re");
	if (f && fgets(t, (int)n, f))
		t[strcspn(t, "\n")] = '\0';
	if (f)
		fclose(f);
}

const char *local_cloud_name(char machine[static LOCAL_MACHINE])
{
	static const struct {
		const char *file, *begins, *cloud, *machine;
	} known[] = { { "sys_vendor", "Amazon EC2", "Amazon EC2", "board_asset_tag" },
		{ "bios_version", "4.2.amazon", "Amazon EC2", NULL },
		{ "product_name", "Google Compute Engine", "Google Compute Engine", NULL },
		{ "chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77", "Microsoft Azure",
			NULL },
		{ "chassis_asset_tag", "OracleCloud.com", "Oracle Cloud", NULL },
		{ "sys_vendor", "Alibaba Cloud", "Alibaba Cloud", NULL },
		{ "chassis_asset_tag", "OpenTelekomCloud", "OpenStack", NULL },
		{ "product_name", "OpenStack", "OpenStack", NULL } };
	char raw[LOCAL_MACHINE], t[LOCAL_MACHINE];

	machine[0] = '\0';
	for (size_t i = 0; i < COUNT(known); i++) {
		read_line(known[i].file, t, sizeof(t));
		if (strncmp(t, known[i].begins, strlen(known[i].begins)) != 0)
			continue;
		if (known[i].machine) {
			read_line(known[i].machine, raw, sizeof(raw));
			event_escape(bytes_str(raw), machine, LOCAL_MACHINE);
		}
		return known[i].cloud;
	}
	return NULL;
}

void local_cloud(const struct local *l)
{
	char machine[LOCAL_MACHINE];
	const char *cloud = local_cloud_name(machine);

	if (cloud)
		LOCAL_EMIT(l, local_cloud, .cloud = ev_str(cloud), .machine = ev_str(machine));
}
